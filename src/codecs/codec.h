// Image files to pixels, bit for bit as Pillow's Image.open(file).convert("RGB" or "L") gives them.
//
// A decoder makes whichever of the two its file is nearer to; alpha is dropped, as Pillow's conversion does, and so are
// orientation tags except where Pillow applies them (TIFF). Files are untrusted. The libraries allocate by themselves: natively
// outside of the engine's memory, in WebAssembly in an instance that lives for one picture.
#pragma once

#include <cstdint>
#include <span>

#include "base/memory.h"
#include "base/status.h"

namespace webinfer::codecs {

// Where Pillow takes a file for a decompression bomb.
inline constexpr int64_t kMostPixels = 178956970;

struct Picture {
  int64_t width = 0, height = 0;
  int channels = 0;  // 1: grey; 3: red, green, blue
  Buffer pixels;     // rows from the top, channels last

  uint8_t* Row(int64_t y) { return pixels.data() + y * width * channels; }
};

using Bytes = std::span<const uint8_t>;

Result<Picture> DecodeBmp(Bytes file);
Result<Picture> DecodeGif(Bytes file);  // its first frame
Result<Picture> DecodeJpeg(Bytes file);
Result<Picture> DecodeJpeg2000(Bytes file);
Result<Picture> DecodePng(Bytes file);
Result<Picture> DecodePnm(Bytes file);
Result<Picture> DecodeTiff(Bytes file);  // its first page
Result<Picture> DecodeWebp(Bytes file);  // its first frame

// Whatever the file is, with 1 or 3 channels.
Result<Picture> Decode(Bytes file, int channels);

}  // namespace webinfer::codecs
