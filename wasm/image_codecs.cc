// ImageDecoder's decoders are modules of their own, which JavaScript holds: the operator asks it, and gets the pixels put into
// its output.
#include <emscripten.h>

#include "codecs/recognize.h"
#include "ops/image/image_codecs.h"

namespace webinfer {
namespace {

ops::ImageTarget* waiting = nullptr;  // for the pixels of the file that is being decoded

enum Answer { kMissing = -1, kUndecodable = 0, kDecoded = 1 };

// clang-format off
EM_JS(int, AskHost, (const uint8_t* file, size_t bytes, int format, int channels), {
  const decode = Module["decodeImage"];
  return decode ? decode(file >>> 0, bytes, format, channels) : -1;
});
// clang-format on

Status Decode(std::span<const uint8_t> file, int channels, ops::ImageTarget& target) {
  const codecs::FileFormat format = codecs::Recognize(file);
  if (format == codecs::FileFormat::kUnknown) return Error(Code::kInvalidArgument, "The bytes are no image file");
  waiting = &target;
  const int answer = AskHost(file.data(), file.size(), static_cast<int>(format), channels);
  waiting = nullptr;
  switch (answer) {
    case kDecoded: return OkStatus();
    case kUndecodable: return Error(Code::kInvalidArgument, "The image file cannot be decoded");
    case kMissing: return Error(Code::kInternal, "The image codecs have not been loaded");
    default: return Error(Code::kOutOfMemory, "There is no memory to decode an image file");
  }
}

}  // namespace
}  // namespace webinfer

extern "C" {

EMSCRIPTEN_KEEPALIVE void wi_use_image_codecs() { webinfer::ops::SetImageCodecs(webinfer::Decode); }

// Where the pixels of the picture go; 0 if there is no memory.
EMSCRIPTEN_KEEPALIVE uint8_t* wi_place_image(uint32_t height, uint32_t width) {
  if (webinfer::waiting == nullptr) return nullptr;
  const webinfer::Result<uint8_t*> place = webinfer::waiting->Place(height, width);
  return place.ok() ? *place : nullptr;
}
}
