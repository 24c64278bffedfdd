// Windows and OS/2 bitmaps: 1, 4, 8, 16, 24 and 32 bits, bit fields, run lengths.
#include <algorithm>
#include <cstring>

#include "codecs/picture.h"

namespace webinfer::codecs {

namespace {

constexpr const char* kName = "BMP";
enum Compression : uint32_t { kRaw, kRle8, kRle4, kBitFields };

// Where red, green and blue lie in a pixel of 24 or 32 bits, in bytes.
struct Order {
  uint32_t masks[3];
  uint8_t red, green, blue;
};

constexpr Order kOrders[] = {{{0xFF0000, 0xFF00, 0xFF}, 2, 1, 0},
                             {{0xFF000000, 0xFF0000, 0xFF00}, 3, 2, 1},
                             {{0xFF000000, 0xFF00, 0xFF}, 3, 1, 0},
                             {{0xFF, 0xFF00, 0xFF0000}, 0, 1, 2},
                             {{0, 0, 0}, 2, 1, 0}};

class Decoder {
 public:
  explicit Decoder(Bytes file) : file_(file) {}

  Result<Picture> Run() {
    WEBINFER_TRY(ReadHeader());
    if (compression_ == kBitFields) WEBINFER_TRY(ReadMasks());
    if (bits_ <= 8) WEBINFER_TRY(ReadPalette());
    if (data_ > file_.size()) return Damaged(kName, "the pixels are missing");
    Bytes pixels = file_.subspan(data_);
    const bool run_lengths = compression_ == kRle8 || compression_ == kRle4;
    WEBINFER_ASSIGN(Picture picture, NewPicture(width_, height_, bits_ <= 8 ? 1 : 3));
    if (run_lengths) {
      WEBINFER_TRY(ReadRunLengths(pixels, picture));
    } else {
      WEBINFER_TRY(ReadRows(pixels, picture));
    }
    if (bits_ > 8 || grey_) return picture;
    return palette_.Apply(picture);
  }

 private:
  Status ReadHeader() {
    if (file_.size() < 26) return Damaged(kName, "its header is cut");
    data_ = U32(file_.data() + 10);
    const uint32_t size = U32(file_.data() + 14);
    const uint8_t* const head = file_.data() + 18;
    if (size != 12 && size != 40 && size != 52 && size != 56 && size != 64 && size != 108 && size != 124) {
      return NotDecoded(kName, "its header is of an unknown kind");
    }
    after_header_ = 14 + size_t{size};
    if (file_.size() < after_header_) return Damaged(kName, "its header is cut");
    if (size == 12) {
      width_ = U16(head);
      height_ = U16(head + 2);
      bits_ = U16(head + 6);
      color_bytes_ = 3;
    } else {
      top_down_ = head[7] == 0xFF;
      width_ = U32(head);
      height_ = top_down_ ? (int64_t{1} << 32) - U32(head + 4) : U32(head + 4);
      bits_ = U16(head + 10);
      compression_ = U32(head + 12);
      colors_ = U32(head + 28);
    }
    if (bits_ != 1 && bits_ != 4 && bits_ != 8 && bits_ != 16 && bits_ != 24 && bits_ != 32) {
      return NotDecoded(kName, "its depth is none of 1, 4, 8, 16, 24 and 32 bits");
    }
    if (compression_ > kBitFields) return NotDecoded(kName, "its compression is unknown");
    if ((compression_ == kRle8 || compression_ == kRle4) && bits_ > 8) return Damaged(kName, "run lengths are for palettes");
    if (compression_ == kBitFields && bits_ < 16) return Damaged(kName, "bit fields are for colours");
    if (colors_ == 0) colors_ = uint64_t{1} << bits_;
    return OkStatus();
  }

  Status ReadMasks() {
    const bool behind = after_header_ == 14 + 40;  // else they are part of the header
    const size_t at = 14 + 40;
    if (file_.size() < at + 12) return Damaged(kName, "its bit fields are cut");
    if (behind) after_header_ += 12;
    const uint32_t masks[3] = {U32(file_.data() + at), U32(file_.data() + at + 4), U32(file_.data() + at + 8)};
    if (bits_ == 16) {
      green6_ = masks[1] == 0x7E0;
      const uint32_t expected[3] = {green6_ ? 0xF800u : 0x7C00u, green6_ ? 0x7E0u : 0x3E0u, 0x1F};
      return std::equal(masks, masks + 3, expected) ? OkStatus() : Status(NotDecoded(kName, "its bit fields are unusual"));
    }
    for (const Order& order : kOrders) {
      if (!std::equal(masks, masks + 3, order.masks)) continue;
      order_ = order;
      return OkStatus();
    }
    return NotDecoded(kName, "its bit fields are unusual");
  }

  // A palette that is grey, index by index, is none: pixels are grey then, and black and white if it has two colours.
  Status ReadPalette() {
    if (colors_ > 65536) return Damaged(kName, "its palette has an absurd size");
    const size_t bytes = static_cast<size_t>(colors_) * color_bytes_;
    if (data_ == 14 + size_t{U32(file_.data() + 14)}) data_ += bytes;  // some writers forget the palette
    if (file_.size() < after_header_ + bytes) return Damaged(kName, "its palette is cut");
    grey_ = true;
    for (size_t i = 0; i < colors_; ++i) {
      const uint8_t* const c = file_.data() + after_header_ + i * color_bytes_;
      const uint64_t expected = colors_ == 2 ? i * 255 : i;
      grey_ = grey_ && c[0] == expected && c[1] == expected && c[2] == expected;
      if (i < 256) palette_.colors[i] = {c[2], c[1], c[0]};
    }
    if (data_ == 0) data_ = after_header_ + bytes;
    return OkStatus();
  }

  Status ReadRows(Bytes pixels, Picture& picture) {
    const auto stride = static_cast<uint64_t>((width_ * bits_ + 31) / 32 * 4);
    const auto row_bytes = static_cast<uint64_t>((width_ * bits_ + 7) / 8);
    if (pixels.size() < stride * static_cast<uint64_t>(height_ - 1) + row_bytes) return Damaged(kName, "it ends too early");
    for (int64_t y = 0; y < height_; ++y) {
      const uint8_t* const in = pixels.data() + static_cast<uint64_t>(y) * stride;
      uint8_t* const out = picture.Row(top_down_ ? y : height_ - 1 - y);
      if (bits_ <= 8) {
        for (int64_t x = 0; x < width_; ++x) out[x] = SampleOf(in, x, bits_);
        if (bits_ == 1 && grey_) std::for_each(out, out + width_, [](uint8_t& v) { v = v == 0 ? 0 : 255; });
      } else if (bits_ == 16) {
        Unpack16(in, out);
      } else {
        const int step = bits_ / 8;
        for (int64_t x = 0; x < width_; ++x) {
          out[3 * x] = in[x * step + order_.red];
          out[3 * x + 1] = in[x * step + order_.green];
          out[3 * x + 2] = in[x * step + order_.blue];
        }
      }
    }
    return OkStatus();
  }

  void Unpack16(const uint8_t* in, uint8_t* out) const {
    const int green_bits = green6_ ? 6 : 5, green_most = (1 << green_bits) - 1;
    for (int64_t x = 0; x < width_; ++x) {
      const int pixel = U16(in + 2 * x);
      *out++ = static_cast<uint8_t>(((pixel >> (5 + green_bits)) & 31) * 255 / 31);
      *out++ = static_cast<uint8_t>(((pixel >> 5) & green_most) * 255 / green_most);
      *out++ = static_cast<uint8_t>((pixel & 31) * 255 / 31);
    }
  }

  Status ReadRunLengths(Bytes in, Picture& picture) {
    Buffer decoded;
    const int64_t count = width_ * height_;
    WEBINFER_TRY(decoded.Allocate(static_cast<uint64_t>(count), "a picture"));
    std::memset(decoded.data(), 0, decoded.size());
    const bool nibbles = compression_ == kRle4;
    int64_t at = 0, x = 0;
    const auto put = [&](uint8_t index) {
      if (at < count) decoded.data()[at++] = index;
    };
    bool ended = false;  // by its mark, or because nothing follows
    size_t pos = 0;
    while (at < count && !ended && pos + 2 <= in.size()) {
      const uint8_t first = in[pos], second = in[pos + 1];
      pos += 2;
      if (first > 0) {
        const int64_t run = std::max<int64_t>(0, std::min<int64_t>(first, width_ - x));
        for (int64_t i = 0; i < run; ++i) put(!nibbles ? second : i % 2 == 0 ? second >> 4 : second & 15);
        x += run;
      } else if (second == 0) {  // end of the line
        at = std::min(count, (at + width_ - 1) / width_ * width_);
        x = 0;
      } else if (second == 1) {
        ended = true;
      } else if (second == 2) {  // a step to the right and up
        if (pos + 2 > in.size()) break;
        at = std::min(count, at + in[pos] + in[pos + 1] * width_);
        x = at % width_;
        pos += 2;
      } else {
        const int64_t literal = std::min<int64_t>(count - at, second);
        const auto bytes = static_cast<size_t>(nibbles ? (literal + 1) / 2 : literal);
        if (pos + bytes > in.size()) break;
        for (int64_t i = 0; i < literal; ++i) {
          const uint8_t byte = in[pos + static_cast<size_t>(nibbles ? i / 2 : i)];
          put(!nibbles ? byte : i % 2 == 0 ? byte >> 4 : byte & 15);
        }
        x += second;
        pos += bytes;
        if ((data_ + pos) % 2 != 0) ++pos;
      }
    }
    if (at < count) return Damaged(kName, "it ends too early");
    for (int64_t y = 0; y < height_; ++y) {
      std::memcpy(picture.Row(top_down_ ? y : height_ - 1 - y), decoded.data() + y * width_, static_cast<size_t>(width_));
    }
    return OkStatus();
  }

  Bytes file_;
  size_t data_ = 0, after_header_ = 0;
  int64_t width_ = 0, height_ = 0;
  uint64_t colors_ = 0;
  uint32_t compression_ = kRaw;
  int bits_ = 0;
  size_t color_bytes_ = 4;
  bool top_down_ = false, green6_ = false, grey_ = false;
  Order order_ = kOrders[0];
  Palette palette_;
};

}  // namespace

Result<Picture> DecodeBmp(Bytes file) { return Decoder(file).Run(); }

}  // namespace webinfer::codecs
