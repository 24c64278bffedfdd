#include "codecs/codec.h"
#include "codecs/picture.h"
#include "codecs/recognize.h"

namespace webinfer::codecs {

namespace {

Result<Picture> DecodeAny(Bytes file) {
  switch (Recognize(file)) {
    case FileFormat::kBmp: return DecodeBmp(file);
    case FileFormat::kGif: return DecodeGif(file);
    case FileFormat::kJpeg: return DecodeJpeg(file);
    case FileFormat::kJpeg2000: return DecodeJpeg2000(file);
    case FileFormat::kPng: return DecodePng(file);
    case FileFormat::kPnm: return DecodePnm(file);
    case FileFormat::kTiff: return DecodeTiff(file);
    case FileFormat::kWebp: return DecodeWebp(file);
    case FileFormat::kUnknown: break;
  }
  return Error(Code::kInvalidArgument, "The bytes are no image file")
      .Expected("BMP, GIF, JPEG, JPEG 2000, PNG, PBM, PGM, PPM, PFM, TIFF or WebP");
}

}  // namespace

Result<Picture> Decode(Bytes file, int channels) {
  WEBINFER_ASSIGN(Picture picture, DecodeAny(file));
  return Convert(std::move(picture), channels);
}

}  // namespace webinfer::codecs
