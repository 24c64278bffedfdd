// How ImageDecoder reaches decoders of image files, which are no part of the engine: whoever embeds it says where they are.
#pragma once

#include <cstdint>
#include <span>

#include "base/status.h"

namespace webinfer::ops {

// Takes a decoded picture: bytes, rows from the top, channels last.
class ImageTarget {
 public:
  // Memory for height x width pixels; an error if there is none.
  virtual Result<uint8_t*> Place(int64_t height, int64_t width) = 0;

 protected:
  ~ImageTarget() = default;
};

// Decodes `file` to `channels` (1 or 3) channels. kInvalidArgument and kUnsupported say that the file cannot be decoded.
using DecodeImage = Status (*)(std::span<const uint8_t> file, int channels, ImageTarget& target);

// For all sessions of this process (or WebAssembly instance); nullptr takes it away.
void SetImageCodecs(DecodeImage decode);

}  // namespace webinfer::ops
