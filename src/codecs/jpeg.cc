// JPEG by libjpeg-turbo: integer DCT, smooth upsampling.
#include <setjmp.h>
#include <cstddef>
#include <cstdio>

#include "codecs/picture.h"

extern "C" {
#include <jerror.h>
#include <jpeglib.h>
}

namespace webinfer::codecs {

namespace {

struct Reader {
  jpeg_decompress_struct info;
  jpeg_error_mgr errors;
  jmp_buf jump;
  bool ended_early;  // bytes were wanted behind the end of the file
};

[[noreturn]] void Fail(j_common_ptr info) {
  char text[JMSG_LENGTH_MAX];
  info->err->format_message(info, text);
  (void)Status(Damaged("JPEG", text));
  longjmp(static_cast<Reader*>(info->client_data)->jump, 1);
}

void Note(j_common_ptr info, int level) {
  if (level < 0 && info->err->msg_code == JWRN_JPEG_EOF) static_cast<Reader*>(info->client_data)->ended_early = true;
}

// Nothing here may own memory while the library runs: an error leaves by longjmp.
Status Read(Reader& r, Bytes file, Picture* picture, Buffer* row) {
  if (setjmp(r.jump) != 0) return Status(LastError().code);
  jpeg_create_decompress(&r.info);
  r.info.client_data = &r;
  jpeg_mem_src(&r.info, file.data(), static_cast<unsigned long>(file.size()));
  jpeg_read_header(&r.info, TRUE);
  const int components = r.info.num_components;
  if (components != 1 && components != 3 && components != 4) return NotDecoded("JPEG", "it has neither 1, 3 nor 4 components");
  r.info.out_color_space = components == 1 ? JCS_GRAYSCALE : components == 3 ? JCS_RGB : JCS_CMYK;
  {
    Result<Picture> made = NewPicture(r.info.image_width, r.info.image_height, components == 1 ? 1 : 3);
    if (!made.ok()) return made.status();
    *picture = std::move(*made);
  }
  WEBINFER_TRY(row->Allocate(static_cast<uint64_t>(picture->width) * 4, "a row of a picture"));
  jpeg_start_decompress(&r.info);
  while (r.info.output_scanline < r.info.output_height) {
    uint8_t* const to = picture->Row(r.info.output_scanline);
    JSAMPROW into = components == 4 ? row->data() : to;
    jpeg_read_scanlines(&r.info, &into, 1);
    if (components != 4) continue;
    for (int64_t i = 0; i < picture->width * 4; ++i) into[i] = static_cast<uint8_t>(255 - into[i]);  // Adobe's way round
    CmykToRgb(into, picture->width, to);
  }
  if (r.ended_early) return Damaged("JPEG", "it ends too early");
  return OkStatus();
}

}  // namespace

Result<Picture> DecodeJpeg(Bytes file) {
  Reader reader = {};
  reader.info.err = jpeg_std_error(&reader.errors);
  reader.errors.error_exit = Fail;
  reader.errors.emit_message = Note;
  reader.info.client_data = &reader;
  Picture picture;
  Buffer row;
  const Status status = Read(reader, file, &picture, &row);
  jpeg_destroy_decompress(&reader.info);
  if (!status.ok()) return status;
  return picture;
}

}  // namespace webinfer::codecs
