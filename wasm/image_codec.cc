// The entry of a codec module, one for each kind of image file: js/src/engine/image-codecs.ts calls it, once per instance.
//
// It is a program of its own, without the engine and without Emscripten's glue. WEBINFER_DECODE is the decoder.
#include "codecs/picture.h"

namespace webinfer::codecs {
namespace {

// As JavaScript reads it, word by word.
struct {
  uint32_t decoded, width, height, pixels;
} answer;

Buffer file;
Picture picture;

uint32_t AddressOf(const void* pointer) { return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(pointer)); }

Result<Picture> Run(size_t bytes, int channels) {
  const Bytes content(file.data(), bytes);
#ifdef WEBINFER_DECODE
  WEBINFER_ASSIGN(Picture decoded, WEBINFER_DECODE(content));
#else  // the small formats
  const bool bmp = bytes > 0 && content[0] == 'B', gif = bytes > 0 && content[0] == 'G';
  WEBINFER_ASSIGN(Picture decoded, bmp ? DecodeBmp(content) : gif ? DecodeGif(content) : DecodePnm(content));
#endif
  return Convert(std::move(decoded), channels);
}

}  // namespace
}  // namespace webinfer::codecs

using namespace webinfer::codecs;

extern "C" {

// Memory for the file; 0 if there is none.
__attribute__((export_name("room"))) uint32_t Room(uint32_t bytes) {
  return file.Allocate(bytes, "a file").ok() ? AddressOf(file.data()) : 0;
}

// The address of the answer.
__attribute__((export_name("decode"))) uint32_t DecodeFile(uint32_t bytes, int channels) {
  webinfer::Result<Picture> result = Run(bytes, channels);
  if (result.ok()) {
    picture = std::move(*result);
    answer = {1, static_cast<uint32_t>(picture.width), static_cast<uint32_t>(picture.height), AddressOf(picture.pixels.data())};
  }
  return AddressOf(&answer);
}

// 0, or what went wrong; valid after a trap too.
__attribute__((export_name("failure"))) int Failure() { return static_cast<int>(webinfer::LastError().code); }
}
