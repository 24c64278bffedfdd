// TIFF by libtiff: grey, palette, RGB, CMYK and YCbCr, in strips and tiles, turned as the orientation tag says.
#include <tiffio.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

#include "codecs/picture.h"

namespace webinfer::codecs {

namespace {

constexpr const char* kName = "TIFF";

struct Source {
  Bytes file;
  uint64_t at = 0;
};

tmsize_t Pull(thandle_t handle, void* to, tmsize_t size) {
  auto* const source = static_cast<Source*>(handle);
  if (source->at >= source->file.size() || size < 0) return 0;
  const uint64_t count = std::min<uint64_t>(static_cast<uint64_t>(size), source->file.size() - source->at);
  std::memcpy(to, source->file.data() + source->at, static_cast<size_t>(count));
  source->at += count;
  return static_cast<tmsize_t>(count);
}

tmsize_t Push(thandle_t, void*, tmsize_t) { return 0; }

toff_t Seek(thandle_t handle, toff_t offset, int whence) {
  auto* const source = static_cast<Source*>(handle);
  const uint64_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? source->at : source->file.size();
  return source->at = from + offset;
}

int Close(thandle_t) { return 0; }
toff_t Size(thandle_t handle) { return static_cast<Source*>(handle)->file.size(); }

struct Delete {
  void operator()(TIFF* tiff) const { TIFFClose(tiff); }
  void operator()(TIFFOpenOptions* options) const { TIFFOpenOptionsFree(options); }
};

int Silence(TIFF*, void*, const char*, const char*, va_list) { return 1; }

class Decoder {
 public:
  Result<Picture> Run(Bytes file) {
    source_.file = file;
    const std::unique_ptr<TIFFOpenOptions, Delete> options(TIFFOpenOptionsAlloc());
    if (options == nullptr) return OutOfMemory(0, "a TIFF decoder");
    TIFFOpenOptionsSetErrorHandlerExtR(options.get(), Silence, nullptr);
    TIFFOpenOptionsSetWarningHandlerExtR(options.get(), Silence, nullptr);
    TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), kMostBytes);
    TIFFOpenOptionsSetMaxCumulatedMemAlloc(options.get(), kMostBytes);
    tiff_.reset(TIFFClientOpenExt("", "rC", &source_, Pull, Push, Seek, Close, Size, nullptr, nullptr, options.get()));
    if (tiff_ == nullptr) return Damaged(kName, "its header does not decode");
    WEBINFER_TRY(ReadTags());
    WEBINFER_ASSIGN(picture_, NewPicture(width_, height_, grey_ || indexed_ ? 1 : 3));
    const bool ycc = photometric_ == PHOTOMETRIC_YCBCR && samples_ == 3;
    uint16_t across = 0, down = 0;
    TIFFGetFieldDefaulted(tiff_.get(), TIFFTAG_YCBCRSUBSAMPLING, &across, &down);
    const bool plain_ycc = ycc && compression_ == COMPRESSION_NONE && across == 1 && down == 1;
    if (ycc && !plain_ycc && !(compression_ == COMPRESSION_JPEG && planar_ == PLANARCONFIG_CONTIG)) {
      WEBINFER_TRY(ReadThroughRgba());
    } else {
      if (ycc && !plain_ycc) TIFFSetField(tiff_.get(), TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
      WEBINFER_TRY(ReadBlocks());
    }
    for (size_t i = 0; plain_ycc && i < picture_.pixels.size(); i += 3) YccToRgb(picture_.pixels.data() + i);
    if (indexed_) {
      WEBINFER_ASSIGN(picture_, palette_.Apply(picture_));
    }
    return Turn();
  }

 private:
  static constexpr tmsize_t kMostBytes = 1 << 30;

  Status ReadTags() {
    TIFF* const t = tiff_.get();
    uint32_t width = 0, height = 0;
    if (!TIFFGetField(t, TIFFTAG_IMAGEWIDTH, &width) || !TIFFGetField(t, TIFFTAG_IMAGELENGTH, &height)) {
      return Damaged(kName, "its size is missing");
    }
    width_ = width;
    height_ = height;
    if (!TIFFGetField(t, TIFFTAG_PHOTOMETRIC, &photometric_)) photometric_ = PHOTOMETRIC_MINISWHITE;
    TIFFGetFieldDefaulted(t, TIFFTAG_BITSPERSAMPLE, &bits_);
    TIFFGetFieldDefaulted(t, TIFFTAG_SAMPLESPERPIXEL, &samples_);
    TIFFGetFieldDefaulted(t, TIFFTAG_SAMPLEFORMAT, &format_);
    TIFFGetFieldDefaulted(t, TIFFTAG_PLANARCONFIG, &planar_);
    TIFFGetFieldDefaulted(t, TIFFTAG_COMPRESSION, &compression_);
    TIFFGetFieldDefaulted(t, TIFFTAG_ORIENTATION, &orientation_);
    uint16_t extras = 0;
    const uint16_t* kinds = nullptr;
    TIFFGetFieldDefaulted(t, TIFFTAG_EXTRASAMPLES, &extras, &kinds);
    premultiplied_ = extras > 0 && kinds[0] == EXTRASAMPLE_ASSOCALPHA;
    return ChooseKind();
  }

  Status ChooseKind() {
    const auto unknown = [] { return NotDecoded(kName, "its pixels are of an unknown kind"); };
    const bool whole = format_ == SAMPLEFORMAT_UINT;
    switch (photometric_) {
      case PHOTOMETRIC_MINISWHITE:
      case PHOTOMETRIC_MINISBLACK:
        grey_ = true;
        if (samples_ > 2) return unknown();
        if (bits_ == 32) return OkStatus();
        if (bits_ == 16 || bits_ == 8) return format_ == SAMPLEFORMAT_IEEEFP ? unknown() : OkStatus();
        return whole && samples_ == 1 && (bits_ == 1 || bits_ == 2 || bits_ == 4 || bits_ == 12) ? OkStatus() : unknown();
      case PHOTOMETRIC_PALETTE: {
        indexed_ = true;
        uint16_t *red = nullptr, *green = nullptr, *blue = nullptr;
        if (!whole || (bits_ != 1 && bits_ != 2 && bits_ != 4 && bits_ != 8) || samples_ > 2) return unknown();
        if (!TIFFGetField(tiff_.get(), TIFFTAG_COLORMAP, &red, &green, &blue)) return Damaged(kName, "its palette is missing");
        const auto byte = [](uint16_t v) { return static_cast<uint8_t>(v >> 8); };
        for (int i = 0; i < 1 << bits_; ++i) palette_.colors[i] = {byte(red[i]), byte(green[i]), byte(blue[i])};
        return OkStatus();
      }
      case PHOTOMETRIC_RGB: return whole && samples_ >= 3 && (bits_ == 8 || bits_ == 16) ? OkStatus() : unknown();
      case PHOTOMETRIC_SEPARATED: return whole && samples_ >= 4 && (bits_ == 8 || bits_ == 16) ? OkStatus() : unknown();
      case PHOTOMETRIC_YCBCR:
        grey_ = samples_ == 1;
        return whole && bits_ == 8 && (samples_ == 1 || samples_ == 3) ? OkStatus() : unknown();
      default: return unknown();
    }
  }

  // Subsampled chroma, which libtiff turns into colours itself.
  Status ReadThroughRgba() {
    char message[1024] = "";
    TIFFRGBAImage image;
    if (!TIFFRGBAImageOK(tiff_.get(), message) || !TIFFRGBAImageBegin(&image, tiff_.get(), 0, message)) {
      return NotDecoded(kName, message);
    }
    image.orientation = image.req_orientation = ORIENTATION_TOPLEFT;
    const Status status = ReadRgbaBlocks(image);
    TIFFRGBAImageEnd(&image);
    return status;
  }

  Status ReadRgbaBlocks(TIFFRGBAImage& image) {
    uint32_t rows = 0;
    TIFFGetFieldDefaulted(tiff_.get(), TIFFIsTiled(tiff_.get()) ? TIFFTAG_TILELENGTH : TIFFTAG_ROWSPERSTRIP, &rows);
    if (rows == 0 || rows > height_) rows = static_cast<uint32_t>(height_);
    WEBINFER_TRY(block_.Allocate(static_cast<uint64_t>(width_) * rows * 4, "rows of a picture"));
    for (int64_t y = 0; y < height_; y += rows) {
      const auto count = static_cast<uint32_t>(std::min<int64_t>(rows, height_ - y));
      image.row_offset = static_cast<int>(y);
      if (!TIFFRGBAImageGet(&image, reinterpret_cast<uint32_t*>(block_.data()), static_cast<uint32_t>(width_), count)) {
        return Damaged(kName, "a strip or tile does not decode");
      }
      const uint8_t* in = block_.data();
      uint8_t* out = picture_.Row(y);
      for (int64_t left = width_ * count; left > 0; --left, in += 4, out += 3) std::memcpy(out, in, 3);
    }
    return OkStatus();
  }

  Status ReadBlocks() {
    TIFF* const t = tiff_.get();
    const bool tiled = TIFFIsTiled(t) != 0;
    uint32_t block_width = static_cast<uint32_t>(width_), block_height = 0;
    if (tiled) {
      TIFFGetField(t, TIFFTAG_TILEWIDTH, &block_width);
      TIFFGetField(t, TIFFTAG_TILELENGTH, &block_height);
    } else {
      TIFFGetFieldDefaulted(t, TIFFTAG_ROWSPERSTRIP, &block_height);
      block_height = static_cast<uint32_t>(std::min<int64_t>(block_height, height_));
    }
    const tmsize_t bytes = tiled ? TIFFTileSize(t) : TIFFStripSize(t);
    const tmsize_t row_bytes = tiled ? TIFFTileRowSize(t) : TIFFScanlineSize(t);
    const bool separate = planar_ == PLANARCONFIG_SEPARATE && samples_ > 1;
    const int64_t row_bits = int64_t{block_width} * bits_ * (separate ? 1 : samples_);
    if (block_width == 0 || block_height == 0 || bytes <= 0 || row_bytes < (row_bits + 7) / 8 ||
        bytes / row_bytes < static_cast<tmsize_t>(block_height)) {
      return Damaged(kName, "its strips or tiles have an absurd size");
    }
    WEBINFER_TRY(block_.Allocate(static_cast<uint64_t>(bytes), "a strip of a picture"));
    const int planes = separate ? std::min<int>(samples_, photometric_ == PHOTOMETRIC_SEPARATED ? 4 : picture_.channels) : 1;
    if (separate && photometric_ == PHOTOMETRIC_SEPARATED) return NotDecoded(kName, "its inks lie in planes");
    for (int64_t y = 0; y < height_; y += block_height) {
      for (int plane = 0; plane < planes; ++plane) {
        for (int64_t x = 0; x < width_; x += block_width) {
          const auto column = static_cast<uint32_t>(x), row = static_cast<uint32_t>(y);
          const auto sample = static_cast<uint16_t>(plane);
          std::memset(block_.data(), 0, block_.size());
          const tmsize_t got = tiled ? TIFFReadTile(t, block_.data(), column, row, 0, sample)
                                     : TIFFReadEncodedStrip(t, TIFFComputeStrip(t, row, sample), block_.data(), bytes);
          if (got < 0) return Damaged(kName, "a strip or tile does not decode");
          const int64_t rows = std::min<int64_t>(block_height, height_ - y), columns = std::min<int64_t>(block_width, width_ - x);
          for (int64_t i = 0; i < rows; ++i) {
            uint8_t* const out = picture_.Row(y + i) + x * picture_.channels;
            UnpackRow(block_.data() + i * row_bytes, columns, separate ? plane : -1, out);
          }
        }
      }
    }
    return OkStatus();
  }

  // Sample `i` of a row of samples of 8 or 16 bits: its high byte. libtiff gives them in the machine's order, little-endian.
  uint8_t High(const uint8_t* row, int64_t i) const { return bits_ == 16 ? row[2 * i + 1] : row[i]; }

  void UnpackRow(const uint8_t* in, int64_t count, int plane, uint8_t* out) const {
    if (plane >= 0) {
      for (int64_t x = 0; x < count; ++x) out[x * picture_.channels + plane] = High(in, x);
    } else if (grey_) {
      UnpackGrey(in, count, out);
    } else if (indexed_) {
      for (int64_t x = 0; x < count; ++x) out[x] = bits_ == 8 ? in[x * samples_] : SampleOf(in, x, bits_);
    } else if (photometric_ == PHOTOMETRIC_SEPARATED) {
      for (int64_t x = 0; x < count; ++x) {
        const uint8_t ink[4] = {High(in, x * samples_), High(in, x * samples_ + 1), High(in, x * samples_ + 2),
                                High(in, x * samples_ + 3)};
        CmykToRgb(ink, 1, out + 3 * x);
      }
    } else {
      for (int64_t x = 0; x < count; ++x) {
        const int alpha = premultiplied_ && samples_ > 3 ? High(in, x * samples_ + 3) : 255;
        for (int channel = 0; channel < 3; ++channel) {
          const int value = High(in, x * samples_ + channel);
          out[3 * x + channel] = alpha == 255 ? static_cast<uint8_t>(value) : alpha == 0 ? 0 : ClipToByte(value * 255 / alpha);
        }
      }
    }
  }

  void UnpackGrey(const uint8_t* in, int64_t count, uint8_t* out) const {
    const bool inverted = photometric_ == PHOTOMETRIC_MINISWHITE && bits_ <= 8;
    for (int64_t x = 0; x < count; ++x) {
      uint8_t value = 0;
      if (bits_ < 8) {
        value = static_cast<uint8_t>(SampleOf(in, x, bits_) * (255 / ((1 << bits_) - 1)));
      } else if (bits_ == 8) {
        value = in[x * samples_];
      } else if (bits_ == 12) {
        const uint8_t* const pair = in + x / 2 * 3;
        value = ClipToByte(x % 2 == 0 ? pair[0] << 4 | pair[1] >> 4 : (pair[1] & 15) << 8 | pair[2]);
      } else if (bits_ == 16) {
        const uint16_t sample = U16(in + 2 * x * samples_);
        value = ClipToByte(format_ == SAMPLEFORMAT_INT ? static_cast<int16_t>(sample) : static_cast<int>(sample));
      } else {
        value = Clip32(U32(in + 4 * x * samples_));
      }
      out[x] = inverted ? static_cast<uint8_t>(255 - value) : value;
    }
  }

  uint8_t Clip32(uint32_t bits) const {
    if (format_ != SAMPLEFORMAT_IEEEFP) return ClipToByte(static_cast<int32_t>(bits));
    float value;
    std::memcpy(&value, &bits, sizeof(value));
    return std::isnan(value) || value <= 0 ? 0 : value >= 255 ? 255 : static_cast<uint8_t>(value);
  }

  Result<Picture> Turn() {
    if (orientation_ <= ORIENTATION_TOPLEFT || orientation_ > ORIENTATION_LEFTBOT) return std::move(picture_);
    const bool swaps = orientation_ >= ORIENTATION_LEFTTOP;
    const bool flips_x = orientation_ == ORIENTATION_TOPRIGHT || orientation_ == ORIENTATION_BOTRIGHT ||
                         orientation_ == ORIENTATION_RIGHTBOT || orientation_ == ORIENTATION_LEFTBOT;
    const bool flips_y = orientation_ == ORIENTATION_BOTRIGHT || orientation_ == ORIENTATION_BOTLEFT ||
                         orientation_ == ORIENTATION_RIGHTTOP || orientation_ == ORIENTATION_RIGHTBOT;
    WEBINFER_ASSIGN(Picture turned, NewPicture(swaps ? height_ : width_, swaps ? width_ : height_, picture_.channels));
    for (int64_t y = 0; y < turned.height; ++y) {
      for (int64_t x = 0; x < turned.width; ++x) {
        int64_t from_x = swaps ? y : x, from_y = swaps ? x : y;
        if (flips_x) from_x = width_ - 1 - from_x;
        if (flips_y) from_y = height_ - 1 - from_y;
        std::memcpy(turned.Row(y) + x * turned.channels, picture_.Row(from_y) + from_x * turned.channels,
                    static_cast<size_t>(turned.channels));
      }
    }
    return turned;
  }

  Source source_;
  std::unique_ptr<TIFF, Delete> tiff_;
  Buffer block_;
  Picture picture_;
  Palette palette_;
  int64_t width_ = 0, height_ = 0;
  uint16_t photometric_ = 0, bits_ = 1, samples_ = 1, format_ = 1, planar_ = 1, compression_ = 1, orientation_ = 1;
  bool grey_ = false, indexed_ = false, premultiplied_ = false;
};

}  // namespace

Result<Picture> DecodeTiff(Bytes file) { return Decoder().Run(file); }

}  // namespace webinfer::codecs
