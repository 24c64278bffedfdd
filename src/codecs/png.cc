// PNG by libpng. Samples of 16 bits are cut to their high byte, except grey ones, which are clipped.
#include <png.h>

#include <setjmp.h>
#include <cstring>

#include "codecs/picture.h"

namespace webinfer::codecs {

namespace {

struct Reader {
  png_structp png = nullptr;
  png_infop info = nullptr;
  Bytes left;
  Picture raw;  // indices, grey or RGB as the file has them; rows of 16-bit samples for deep grey
  Buffer rows;  // pointers to them
  Palette palette;
  bool indexed = false, deep_grey = false;
};

[[noreturn]] void Fail(png_structp png, png_const_charp message) {
  (void)Status(Damaged("PNG", message));
  png_longjmp(png, 1);
}

void Ignore(png_structp, png_const_charp) {}

void Pull(png_structp png, png_bytep to, size_t size) {
  auto* const r = static_cast<Reader*>(png_get_io_ptr(png));
  if (size > r->left.size()) png_error(png, "it ends too early");
  std::memcpy(to, r->left.data(), size);
  r->left = r->left.subspan(size);
}

Status Prepare(Reader& r) {
  const int type = png_get_color_type(r.png, r.info), bits = png_get_bit_depth(r.png, r.info);
  r.indexed = type == PNG_COLOR_TYPE_PALETTE;
  r.deep_grey = type == PNG_COLOR_TYPE_GRAY && bits == 16;
  if (r.indexed) {
    png_colorp colors = nullptr;
    int count = 0;
    png_get_PLTE(r.png, r.info, &colors, &count);
    for (int i = 0; i < count && i < 256; ++i) r.palette.colors[i] = {colors[i].red, colors[i].green, colors[i].blue};
    if (bits < 8) png_set_packing(r.png);
  } else if (bits < 8) {
    png_set_expand_gray_1_2_4_to_8(r.png);
  } else if (bits == 16 && !r.deep_grey) {
    png_set_strip_16(r.png);
  }
  if ((type & PNG_COLOR_MASK_ALPHA) != 0) png_set_strip_alpha(r.png);
  png_set_interlace_handling(r.png);
  png_read_update_info(r.png, r.info);

  const int64_t width = png_get_image_width(r.png, r.info), height = png_get_image_height(r.png, r.info);
  WEBINFER_ASSIGN(r.raw, NewPicture(width, height,
                                    r.deep_grey                                                 ? 2
                                    : type == PNG_COLOR_TYPE_RGB || type == PNG_COLOR_TYPE_RGBA ? 3
                                                                                                : 1));
  if (png_get_rowbytes(r.png, r.info) != static_cast<size_t>(width * r.raw.channels)) {
    return Error(Code::kInternal, "A PNG row has another size than planned");
  }
  WEBINFER_TRY(r.rows.Allocate(static_cast<uint64_t>(height) * sizeof(png_bytep), "rows of a picture"));
  for (int64_t y = 0; y < height; ++y) reinterpret_cast<png_bytep*>(r.rows.data())[y] = r.raw.Row(y);
  return OkStatus();
}

Status Read(Reader& r) {
  if (setjmp(png_jmpbuf(r.png)) != 0) return Status(LastError().code);
  png_set_read_fn(r.png, &r, Pull);
  png_read_info(r.png, r.info);
  const Status prepared = Prepare(r);
  if (!prepared.ok()) return prepared;
  png_read_image(r.png, reinterpret_cast<png_bytepp>(r.rows.data()));
  return OkStatus();
}

Result<Picture> Finish(Reader& r) {
  if (r.indexed) return r.palette.Apply(r.raw);
  if (!r.deep_grey) return std::move(r.raw);
  WEBINFER_ASSIGN(Picture grey, NewPicture(r.raw.width, r.raw.height, 1));
  const uint8_t* in = r.raw.pixels.data();
  for (int64_t i = 0; i < grey.width * grey.height; ++i) grey.pixels.data()[i] = ClipToByte(U16Be(in + 2 * i));
  return grey;
}

}  // namespace

Result<Picture> DecodePng(Bytes file) {
  Reader reader;
  reader.left = file;
  reader.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, nullptr, Fail, Ignore);
  reader.info = reader.png == nullptr ? nullptr : png_create_info_struct(reader.png);
  const Status status = reader.info == nullptr ? OutOfMemory(0, "a PNG decoder") : Read(reader);
  if (reader.png != nullptr) png_destroy_read_struct(&reader.png, &reader.info, nullptr);
  if (!status.ok()) return status;
  return Finish(reader);
}

}  // namespace webinfer::codecs
