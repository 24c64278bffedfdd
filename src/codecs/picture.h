// What the decoders share: making a picture, and Pillow's conversions between kinds of pixels.
#pragma once

#include "codecs/codec.h"

namespace webinfer::codecs {

// A damaged file: `return Damaged("PNG", "the palette is missing");`
Error Damaged(const char* format, const char* what);
// A well-formed file of a kind that is not decoded.
Error NotDecoded(const char* format, const char* what);

// Uninitialised pixels; an error for sizes that are 0 or too large.
Result<Picture> NewPicture(int64_t width, int64_t height, int channels);

// `picture` with `channels` channels.
Result<Picture> Convert(Picture picture, int channels);

struct Color {
  uint8_t red, green, blue;
};

// 256 colours; those that a file does not set are grey, index by index.
struct Palette {
  Color colors[256];
  Palette();
  // Replaces the pixels of `indices`, one channel, by their colours.
  Result<Picture> Apply(const Picture& indices) const;
};

// One row of CMYK, where 255 is full ink, as RGB.
void CmykToRgb(const uint8_t* cmyk, int64_t pixels, uint8_t* rgb);

// One pixel of YCbCr as RGB: BT.601 with 6 fractional bits.
void YccToRgb(uint8_t* pixel);

inline uint8_t ClipToByte(int64_t value) { return static_cast<uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value); }

// Sample `i` of a row of samples of 1, 2, 4 or 8 bits, the first in the highest bits.
inline uint8_t SampleOf(const uint8_t* row, int64_t i, int bits) {
  const int64_t at = i * bits;
  return static_cast<uint8_t>((row[at / 8] >> (8 - bits - at % 8)) & ((1 << bits) - 1));
}

// Fields of a file's header.
inline uint16_t U16(const uint8_t* p) { return static_cast<uint16_t>(p[0] | p[1] << 8); }
inline uint32_t U32(const uint8_t* p) { return U16(p) | static_cast<uint32_t>(U16(p + 2)) << 16; }
inline uint16_t U16Be(const uint8_t* p) { return static_cast<uint16_t>(p[0] << 8 | p[1]); }
inline uint32_t U32Be(const uint8_t* p) { return static_cast<uint32_t>(U16Be(p)) << 16 | U16Be(p + 2); }

}  // namespace webinfer::codecs
