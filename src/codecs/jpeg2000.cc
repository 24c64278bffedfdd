// JPEG 2000 by OpenJPEG: .jp2 files and raw codestreams, tile by tile.
#include <openjpeg.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "codecs/picture.h"

namespace webinfer::codecs {

namespace {

constexpr const char* kName = "JPEG 2000";

template <auto kFunction>
struct Delete {
  void operator()(auto* owned) const { kFunction(owned); }
};

struct Source {
  Bytes file;
  size_t at = 0;
};

OPJ_SIZE_T Pull(void* to, OPJ_SIZE_T size, void* user) {
  auto* const source = static_cast<Source*>(user);
  const size_t count = std::min<size_t>(size, source->file.size() - source->at);
  if (count == 0) return static_cast<OPJ_SIZE_T>(-1);
  std::memcpy(to, source->file.data() + source->at, count);
  source->at += count;
  return count;
}

OPJ_OFF_T Skip(OPJ_OFF_T count, void* user) {
  auto* const source = static_cast<Source*>(user);
  if (count < 0) return -1;
  const auto step = static_cast<size_t>(std::min<uint64_t>(static_cast<uint64_t>(count), source->file.size() - source->at));
  if (step == 0 && count > 0) return -1;
  source->at += step;
  return static_cast<OPJ_OFF_T>(step);
}

OPJ_BOOL Seek(OPJ_OFF_T to, void* user) {
  auto* const source = static_cast<Source*>(user);
  if (to < 0 || static_cast<uint64_t>(to) > source->file.size()) return OPJ_FALSE;
  source->at = static_cast<size_t>(to);
  return OPJ_TRUE;
}

// The content of the first box of `type` in a run of boxes; empty if there is none.
Bytes FindBox(Bytes boxes, const char* type) {
  while (boxes.size() >= 8) {
    uint64_t size = U32Be(boxes.data());
    size_t head = 8;
    if (size == 1 && boxes.size() >= 16) {
      size = static_cast<uint64_t>(U32Be(boxes.data() + 8)) << 32 | U32Be(boxes.data() + 12);
      head = 16;
    }
    if (size == 0) size = boxes.size();
    if (size < head || size > boxes.size()) return {};
    if (std::memcmp(boxes.data() + 4, type, 4) == 0) return boxes.subspan(head, static_cast<size_t>(size) - head);
    boxes = boxes.subspan(static_cast<size_t>(size));
  }
  return {};
}

// A palette of colours of 8 bits, if the file has one for its only colour component. Colours that are there twice count once:
// that is how Pillow reads them.
bool FindPalette(Bytes file, Palette* palette) {
  constexpr uint32_t kGreyscale = 17, kBilevel = 0, kBilevel2 = 15;
  const Bytes header = FindBox(file, "jp2h"), color = FindBox(header, "colr"), entries = FindBox(header, "pclr");
  if (entries.size() < 3) return false;
  if (color.size() >= 7 && color[0] == 1) {
    const uint32_t space = U32Be(color.data() + 3);
    if (space == kGreyscale || space == kBilevel || space == kBilevel2) return false;
  }
  const size_t count = U16Be(entries.data()), columns = entries[2];
  if (columns != 3 || entries.size() < 3 + columns * (count + 1)) return false;
  for (size_t i = 0; i < columns; ++i) {
    if (entries[3 + i] > 8) return false;
  }
  int used = 0;
  for (size_t i = 0; i < count && used < 256; ++i) {
    const uint8_t* c = entries.data() + 3 + columns * (i + 1);
    const auto same = [&](const Color& known) { return known.red == c[0] && known.green == c[1] && known.blue == c[2]; };
    if (std::none_of(palette->colors, palette->colors + used, same)) palette->colors[used++] = {c[0], c[1], c[2]};
  }
  return true;
}

// Samples of one component in a tile's data.
struct Component {
  const uint8_t* data = nullptr;
  int bytes = 1, shift = 0;
  uint32_t offset = 0;
  uint32_t dx = 1, dy = 1;

  static Component Of(const opj_image_comp_t& comp, int target_bits) {
    Component c;
    const int precision = static_cast<int>(comp.prec);
    c.bytes = (precision + 7) / 8 == 3 ? 4 : (precision + 7) / 8;
    c.shift = target_bits - precision;
    c.offset = comp.sgnd != 0 ? 1u << (precision - 1) : 0;
    if (c.shift < 0) c.offset += 1u << (-c.shift - 1);
    c.dx = std::max(1u, comp.dx);
    c.dy = std::max(1u, comp.dy);
    return c;
  }
  // Bytes in a tile; what Pillow takes for them when the size is no multiple of the step.
  size_t Size(uint32_t width, uint32_t height) const { return static_cast<size_t>(bytes) * (width / dx) * (height / dy); }
  uint32_t At(uint32_t x, uint32_t y, uint32_t width) const {
    const uint8_t* const p = data + static_cast<size_t>(bytes) * (static_cast<size_t>(y / dy) * (width / dx) + x / dx);
    uint32_t word = 0;
    std::memcpy(&word, p, static_cast<size_t>(bytes));  // the data is little-endian, as all builds are
    word += offset;
    return shift < 0 ? word >> -shift : word << shift;
  }
};

class Decoder {
 public:
  explicit Decoder(Bytes file) : source_{file} {}

  Result<Picture> Run() {
    WEBINFER_TRY(ReadHeader());
    WEBINFER_TRY(ChooseColors());
    WEBINFER_ASSIGN(picture_,
                    NewPicture(int64_t{image_->x1} - image_->x0, int64_t{image_->y1} - image_->y0, cmyk_ ? 3 : colors_));
    bool more = true;
    while (more) WEBINFER_TRY(ReadTile(&more));
    if (!opj_end_decompress(codec_.get(), stream_.get())) return Damaged(kName, "its end is missing");
    if (indexed_) return palette_.Apply(picture_);
    return std::move(picture_);
  }

 private:
  Status ReadHeader() {
    const bool boxed = source_.file.size() > 4 && source_.file[0] == 0;
    stream_.reset(opj_stream_create(1 << 16, OPJ_TRUE));
    codec_.reset(opj_create_decompress(boxed ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K));
    if (stream_ == nullptr || codec_ == nullptr) return OutOfMemory(0, "a JPEG 2000 decoder");
    opj_stream_set_read_function(stream_.get(), Pull);
    opj_stream_set_skip_function(stream_.get(), Skip);
    opj_stream_set_seek_function(stream_.get(), Seek);
    opj_stream_set_user_data(stream_.get(), &source_, nullptr);
    opj_stream_set_user_data_length(stream_.get(), source_.file.size());
    opj_dparameters_t parameters;
    opj_set_default_decoder_parameters(&parameters);
    opj_image_t* image = nullptr;
    const bool read = opj_setup_decoder(codec_.get(), &parameters) && opj_read_header(stream_.get(), codec_.get(), &image);
    image_.reset(image);
    if (!read || image == nullptr) return Damaged(kName, "its header does not decode");
    indexed_ = boxed && image->numcomps <= 2 && FindPalette(source_.file, &palette_);
    return OkStatus();
  }

  Status ChooseColors() {
    const uint32_t count = image_->numcomps;
    if (count < 1 || count > 4) return NotDecoded(kName, "it has neither 1, 2, 3 nor 4 components");
    int subsampled = -1;
    for (uint32_t i = 0; i < count; ++i) {
      const opj_image_comp_t& comp = image_->comps[i];
      if (comp.prec < 1 || comp.prec > 32) return Damaged(kName, "a component has an absurd depth");
      if (subsampled < 0 && (comp.dx != 1 || comp.dy != 1)) subsampled = static_cast<int>(i);
    }
    if (count <= 2) {
      if (subsampled >= 0) return NotDecoded(kName, "its grey is subsampled");
      colors_ = 1;
      deep_ = count == 1 && image_->comps[0].prec > 8 && !indexed_;
      return OkStatus();
    }
    colors_ = 3;
    const OPJ_COLOR_SPACE space = image_->color_space;
    if (space == OPJ_CLRSPC_UNKNOWN || space == OPJ_CLRSPC_UNSPECIFIED) {
      ycc_ = subsampled == 1 || subsampled == 2;
    } else if (space == OPJ_CLRSPC_SYCC) {
      ycc_ = true;
    } else if (space == OPJ_CLRSPC_CMYK && count == 4) {
      cmyk_ = true;
      colors_ = 4;
    } else if (space != OPJ_CLRSPC_SRGB && !(space == OPJ_CLRSPC_GRAY && count == 4)) {
      return NotDecoded(kName, "its colours are neither grey, sRGB, YCC nor CMYK");
    }
    return OkStatus();
  }

  Status ReadTile(bool* more) {
    OPJ_UINT32 index = 0, size = 0, components = 0;
    OPJ_INT32 x0 = 0, y0 = 0, x1 = 0, y1 = 0;
    OPJ_BOOL there = OPJ_FALSE;
    if (!opj_read_tile_header(codec_.get(), stream_.get(), &index, &size, &x0, &y0, &x1, &y1, &components, &there)) {
      return Damaged(kName, "a tile's header does not decode");
    }
    *more = there;
    if (!there) return OkStatus();
    const int64_t left = int64_t{x0} - image_->x0, top = int64_t{y0} - image_->y0;
    if (x0 >= x1 || y0 >= y1 || left < 0 || top < 0 || int64_t{x1} - image_->x0 > picture_.width ||
        int64_t{y1} - image_->y0 > picture_.height || components != image_->numcomps) {
      return Damaged(kName, "a tile lies outside of the picture");
    }
    const auto width = static_cast<uint32_t>(x1 - x0), height = static_cast<uint32_t>(y1 - y0);
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < components; ++i) {
      bytes += static_cast<uint64_t>(Component::Of(image_->comps[i], 8).bytes) * width * height;
    }
    bytes = std::max<uint64_t>(bytes, size);
    WEBINFER_TRY(tile_.Reserve(bytes + 4, "a tile of a picture"));
    std::memset(tile_.data(), 0, tile_.size());
    if (!opj_decode_tile_data(codec_.get(), index, tile_.data(), static_cast<OPJ_UINT32>(bytes), stream_.get())) {
      return Damaged(kName, "a tile does not decode");
    }
    Unpack(left, top, width, height);
    return OkStatus();
  }

  void Unpack(int64_t left, int64_t top, uint32_t width, uint32_t height) {
    Component channels[4];
    const uint8_t* data = tile_.data();
    for (int i = 0; i < colors_; ++i) {
      channels[i] = Component::Of(image_->comps[i], deep_ ? 16 : 8);
      channels[i].data = data;
      data += channels[i].Size(width, height);
    }
    for (uint32_t y = 0; y < height; ++y) {
      uint8_t* out = picture_.Row(top + y) + left * picture_.channels;
      for (uint32_t x = 0; x < width; ++x, out += picture_.channels) {
        uint8_t pixel[4];
        for (int i = 0; i < colors_; ++i) {
          const uint32_t value = channels[i].At(x, y, width);
          pixel[i] = deep_ ? ClipToByte(static_cast<uint16_t>(value)) : static_cast<uint8_t>(value);
        }
        if (ycc_) YccToRgb(pixel);
        if (cmyk_) {
          CmykToRgb(pixel, 1, out);
        } else {
          std::memcpy(out, pixel, static_cast<size_t>(colors_));
        }
      }
    }
  }

  Source source_;
  std::unique_ptr<opj_codec_t, Delete<opj_destroy_codec>> codec_;
  std::unique_ptr<opj_stream_t, Delete<opj_stream_destroy>> stream_;
  std::unique_ptr<opj_image_t, Delete<opj_image_destroy>> image_;
  Buffer tile_;
  Picture picture_;
  Palette palette_;
  int colors_ = 1;
  bool indexed_ = false, deep_ = false, ycc_ = false, cmyk_ = false;
};

}  // namespace

Result<Picture> DecodeJpeg2000(Bytes file) { return Decoder(file).Run(); }

}  // namespace webinfer::codecs
