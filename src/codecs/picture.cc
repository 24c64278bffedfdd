#include "codecs/picture.h"

#include <utility>

namespace webinfer::codecs {

Error Damaged(const char* format, const char* what) {
  return Error(Code::kInvalidArgument, "The %s file is damaged: %s", format, what);
}

Error NotDecoded(const char* format, const char* what) {
  return Error(Code::kUnsupported, "The %s file cannot be decoded: %s", format, what);
}

Result<Picture> NewPicture(int64_t width, int64_t height, int channels) {
  if (width < 1 || height < 1 || width > kMostPixels || height > kMostPixels || width * height > kMostPixels) {
    return Error(Code::kInvalidArgument, "The size of the picture is absurd")
        .Expected("at most %lld pixels", static_cast<long long>(kMostPixels))
        .Actual("%lld x %lld", static_cast<long long>(width), static_cast<long long>(height));
  }
  Picture picture;
  picture.width = width;
  picture.height = height;
  picture.channels = channels;
  WEBINFER_TRY(picture.pixels.Allocate(static_cast<uint64_t>(width * height * channels), "a picture"));
  return picture;
}

Result<Picture> Convert(Picture picture, int channels) {
  if (picture.channels == channels) return picture;
  WEBINFER_ASSIGN(Picture result, NewPicture(picture.width, picture.height, channels));
  const uint8_t* in = picture.pixels.data();
  uint8_t* out = result.pixels.data();
  for (int64_t left = picture.width * picture.height; left > 0; --left) {
    if (channels == 3) {
      out[0] = out[1] = out[2] = *in;
    } else {  // ITU-R 601-2 luma
      *out = static_cast<uint8_t>((in[0] * 19595u + in[1] * 38470u + in[2] * 7471u + 0x8000u) >> 16);
    }
    in += picture.channels;
    out += channels;
  }
  return result;
}

Palette::Palette() {
  for (int i = 0; i < 256; ++i) {
    const auto grey = static_cast<uint8_t>(i);
    colors[i] = {grey, grey, grey};
  }
}

Result<Picture> Palette::Apply(const Picture& indices) const {
  WEBINFER_ASSIGN(Picture result, NewPicture(indices.width, indices.height, 3));
  const uint8_t* in = indices.pixels.data();
  uint8_t* out = result.pixels.data();
  for (int64_t left = indices.width * indices.height; left > 0; --left, out += 3) {
    const Color& color = colors[*in++];
    out[0] = color.red;
    out[1] = color.green;
    out[2] = color.blue;
  }
  return result;
}

void CmykToRgb(const uint8_t* cmyk, int64_t pixels, uint8_t* rgb) {
  for (; pixels > 0; --pixels, cmyk += 4) {
    const int white = 255 - cmyk[3];
    for (int channel = 0; channel < 3; ++channel) {
      const int product = cmyk[channel] * white + 128;
      *rgb++ = ClipToByte(white - ((product + (product >> 8)) >> 8));  // a * b / 255, rounded
    }
  }
}

void YccToRgb(uint8_t* pixel) {
  const auto part = [](double factor, int value) { return static_cast<int>(factor * (value - 128) * 64 + 0.5); };
  const int y = pixel[0], cb = pixel[1], cr = pixel[2];
  pixel[0] = ClipToByte(y + (part(1.402, cr) >> 6));
  pixel[1] = ClipToByte(y + ((part(-0.34414, cb) + part(-0.71414, cr)) >> 6));
  pixel[2] = ClipToByte(y + (part(1.772, cb) >> 6));
}

}  // namespace webinfer::codecs
