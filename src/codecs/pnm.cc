// Netpbm's formats P1 to P6, and PFM in grey (Pf).
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "codecs/picture.h"

namespace webinfer::codecs {

namespace {

bool IsSpace(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

class Decoder {
 public:
  explicit Decoder(Bytes file) : file_(file) {}

  Result<Picture> Run() {
    kind_ = static_cast<char>(file_[1]);
    at_ = 3;
    if (file_.size() < 3 || !IsSpace(file_[2])) return NotDecoded("PNM", "its kind is unknown");
    int64_t width = 0, height = 0;
    WEBINFER_TRY(ReadCount(&width));
    WEBINFER_TRY(ReadCount(&height));
    const bool bits = kind_ == '1' || kind_ == '4';
    if (kind_ == 'f') {
      WEBINFER_TRY(ReadScale());
    } else if (!bits) {
      WEBINFER_TRY(ReadCount(&most_));
      if (most_ < 1 || most_ > 65535) return Damaged("PNM", "its largest value is absurd");
    }
    WEBINFER_ASSIGN(Picture picture, NewPicture(width, height, kind_ == '3' || kind_ == '6' ? 3 : 1));
    if (kind_ == 'f') return ReadFloats(std::move(picture));
    if (kind_ == '4') return ReadPackedBits(std::move(picture));
    const int64_t count = width * height * picture.channels;
    for (int64_t i = 0; i < count; ++i) {
      int64_t value = 0;
      WEBINFER_TRY(kind_ == '1' ? ReadBit(&value) : kind_ <= '3' ? ReadText(&value) : ReadBinary(&value));
      picture.pixels.data()[i] = Scale(value, picture.channels);
    }
    return picture;
  }

 private:
  static Status TooShort() { return Damaged("PNM", "it ends too early"); }

  void SkipComment() {
    while (at_ < file_.size() && file_[at_] != '\n' && file_[at_] != '\r') ++at_;
  }

  // A word and the space behind it.
  Status ReadWord(char* word, size_t room) {
    size_t length = 0;
    for (; at_ < file_.size(); ++at_) {
      if (file_[at_] == '#') {
        SkipComment();
        if (at_ == file_.size()) break;
        if (length > 0) continue;
      }
      if (IsSpace(file_[at_])) {
        if (length > 0) break;
        continue;
      }
      if (length + 1 == room) return Damaged("PNM", "a number is too long");
      word[length++] = static_cast<char>(file_[at_]);
    }
    if (length == 0) return TooShort();
    ++at_;
    word[length] = 0;
    return OkStatus();
  }

  Status ReadCount(int64_t* value) {
    char word[12];
    WEBINFER_TRY(ReadWord(word, sizeof(word)));
    char* end = nullptr;
    *value = std::strtoll(word, &end, 10);
    return *end == 0 && *value >= 0 ? OkStatus() : Status(Damaged("PNM", "a number is none"));
  }

  Status ReadScale() {
    char word[12];
    WEBINFER_TRY(ReadWord(word, sizeof(word)));
    char* end = nullptr;
    const double scale = std::strtod(word, &end);
    if (*end != 0 || scale == 0 || !std::isfinite(scale)) return Damaged("PNM", "its scale is absurd");
    little_endian_ = scale < 0;
    return OkStatus();
  }

  Status ReadText(int64_t* value) {
    WEBINFER_TRY(ReadCount(value));
    return *value <= most_ ? OkStatus() : Status(Damaged("PNM", "a value is larger than the largest"));
  }

  Status ReadBit(int64_t* value) {
    for (; at_ < file_.size(); ++at_) {
      if (file_[at_] == '#') SkipComment();
      if (at_ == file_.size()) break;
      if (IsSpace(file_[at_])) continue;
      if (file_[at_] != '0' && file_[at_] != '1') return Damaged("PNM", "a bit is neither 0 nor 1");
      *value = file_[at_++] == '0' ? 1 : 0;  // 1 is black
      return OkStatus();
    }
    return TooShort();
  }

  Status ReadBinary(int64_t* value) {
    const size_t bytes = most_ < 256 ? 1 : 2;
    if (at_ + bytes > file_.size()) return TooShort();
    *value = bytes == 1 ? file_[at_] : U16Be(file_.data() + at_);
    at_ += bytes;
    return OkStatus();
  }

  // Deep grey keeps 16 bits in Pillow, and is clipped when it is converted; deep colours are scaled.
  uint8_t Scale(int64_t value, int channels) const {
    const double out_most = most_ > 255 && channels == 1 ? 65535 : 255;
    return ClipToByte(static_cast<int64_t>(std::nearbyint(static_cast<double>(value) / static_cast<double>(most_) * out_most)));
  }

  Result<Picture> ReadPackedBits(Picture picture) {
    const auto stride = static_cast<size_t>((picture.width + 7) / 8);
    if (at_ > file_.size() || (file_.size() - at_) / stride < static_cast<size_t>(picture.height)) return TooShort();
    for (int64_t y = 0; y < picture.height; ++y) {
      const uint8_t* const in = file_.data() + at_ + static_cast<size_t>(y) * stride;
      for (int64_t x = 0; x < picture.width; ++x) picture.Row(y)[x] = SampleOf(in, x, 1) != 0 ? 0 : 255;
    }
    return picture;
  }

  Result<Picture> ReadFloats(Picture picture) {
    const auto count = static_cast<uint64_t>(picture.width * picture.height);
    if (at_ > file_.size() || (file_.size() - at_) / 4 < count) return TooShort();
    for (int64_t y = picture.height - 1; y >= 0; --y) {  // from the bottom
      for (int64_t x = 0; x < picture.width; ++x, at_ += 4) {
        const uint32_t bits = little_endian_ ? U32(file_.data() + at_) : U32Be(file_.data() + at_);
        float value;
        std::memcpy(&value, &bits, sizeof(value));
        picture.Row(y)[x] = value <= 0 ? 0 : value >= 255 ? 255 : std::isnan(value) ? 0 : static_cast<uint8_t>(value);
      }
    }
    return picture;
  }

  Bytes file_;
  size_t at_ = 0;
  char kind_ = 0;
  int64_t most_ = 1;
  bool little_endian_ = false;
};

}  // namespace

Result<Picture> DecodePnm(Bytes file) { return Decoder(file).Run(); }

}  // namespace webinfer::codecs
