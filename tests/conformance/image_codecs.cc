#include "image_codecs.h"

#include <cstring>

#include "codecs/codec.h"
#include "ops/image/image_codecs.h"

namespace webinfer::conformance {

void InstallImageCodecs() {
  ops::SetImageCodecs([](std::span<const uint8_t> file, int channels, ops::ImageTarget& target) -> Status {
    WEBINFER_ASSIGN(codecs::Picture picture, codecs::Decode(file, channels));
    WEBINFER_ASSIGN(uint8_t* const pixels, target.Place(picture.height, picture.width));
    std::memcpy(pixels, picture.pixels.data(), picture.pixels.size());
    return OkStatus();
  });
}

}  // namespace webinfer::conformance
