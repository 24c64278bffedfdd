// WebP by libwebp: the first frame on its canvas.
#include <webp/demux.h>

#include <memory>

#include "codecs/picture.h"

namespace webinfer::codecs {

namespace {

struct Delete {
  void operator()(WebPDemuxer* demuxer) const { WebPDemuxDelete(demuxer); }
  void operator()(WebPAnimDecoder* decoder) const { WebPAnimDecoderDelete(decoder); }
};

}  // namespace

Result<Picture> DecodeWebp(Bytes file) {
  const WebPData data = {file.data(), file.size()};
  Picture picture;
  {
    const std::unique_ptr<WebPDemuxer, Delete> demuxer(WebPDemux(&data));
    if (demuxer == nullptr) return Damaged("WebP", "it has no frame");
    WEBINFER_ASSIGN(picture, NewPicture(WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_WIDTH),
                                        WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_HEIGHT), 3));
  }
  WebPAnimDecoderOptions options;
  if (!WebPAnimDecoderOptionsInit(&options)) return Error(Code::kInternal, "libwebp is another version than its headers");
  options.color_mode = MODE_RGBA;
  const std::unique_ptr<WebPAnimDecoder, Delete> decoder(WebPAnimDecoderNew(&data, &options));
  uint8_t* canvas = nullptr;
  int time = 0;
  if (decoder == nullptr || !WebPAnimDecoderGetNext(decoder.get(), &canvas, &time))
    return Damaged("WebP", "a frame does not decode");
  uint8_t* out = picture.pixels.data();
  for (int64_t left = picture.width * picture.height; left > 0; --left, canvas += 4, out += 3) {
    out[0] = canvas[0];
    out[1] = canvas[1];
    out[2] = canvas[2];
  }
  return picture;
}

}  // namespace webinfer::codecs
