// GIF by giflib: the first frame on the screen it is drawn on.
#include <gif_lib.h>

#include <algorithm>
#include <cstring>

#include "codecs/picture.h"

namespace webinfer::codecs {

namespace {

constexpr const char* kName = "GIF";

int Pull(GifFileType* gif, GifByteType* to, int size) {
  auto* const left = static_cast<Bytes*>(gif->UserData);
  const int count = static_cast<int>(std::min<size_t>(static_cast<size_t>(size), left->size()));
  std::memcpy(to, left->data(), static_cast<size_t>(count));
  *left = left->subspan(static_cast<size_t>(count));
  return count;
}

class Decoder {
 public:
  explicit Decoder(GifFileType* gif) : gif_(gif) {}

  Result<Picture> Run() {
    WEBINFER_TRY(FindFrame());
    const GifImageDesc& frame = gif_->Image;
    WEBINFER_ASSIGN(Picture picture, NewPicture(std::max<int64_t>(gif_->SWidth, int64_t{frame.Left} + frame.Width),
                                                std::max<int64_t>(gif_->SHeight, int64_t{frame.Top} + frame.Height), 1));
    std::memset(picture.pixels.data(), transparent_ < 0 ? 0 : transparent_, picture.pixels.size());
    constexpr int kStarts[] = {0, 4, 2, 1}, kSteps[] = {8, 8, 4, 2};
    for (int pass = 0; pass < (frame.Interlace ? 4 : 1); ++pass) {
      for (int y = frame.Interlace ? kStarts[pass] : 0; y < frame.Height; y += frame.Interlace ? kSteps[pass] : 1) {
        if (DGifGetLine(gif_, picture.Row(frame.Top + y) + frame.Left, frame.Width) == GIF_ERROR) {
          return Damaged(kName, "its first frame does not decode");
        }
      }
    }
    const ColorMapObject* const map = frame.ColorMap != nullptr ? frame.ColorMap : gif_->SColorMap;
    Palette palette;
    for (int i = 0; map != nullptr && i < std::min(map->ColorCount, 256); ++i) {
      palette.colors[i] = {map->Colors[i].Red, map->Colors[i].Green, map->Colors[i].Blue};
    }
    return palette.Apply(picture);
  }

 private:
  Status FindFrame() {
    for (;;) {
      GifRecordType type;
      if (DGifGetRecordType(gif_, &type) == GIF_ERROR) return Damaged(kName, "a block does not decode");
      if (type == IMAGE_DESC_RECORD_TYPE) {
        if (DGifGetImageDesc(gif_) == GIF_ERROR) return Damaged(kName, "its first frame does not decode");
        return OkStatus();
      }
      if (type != EXTENSION_RECORD_TYPE) return Damaged(kName, "it has no frame");
      WEBINFER_TRY(ReadExtension());
    }
  }

  Status ReadExtension() {
    int code = 0;
    GifByteType* block = nullptr;
    if (DGifGetExtension(gif_, &code, &block) == GIF_ERROR) return Damaged(kName, "an extension does not decode");
    if (code == GRAPHICS_EXT_FUNC_CODE && block != nullptr && block[0] >= 4 && (block[1] & 1) != 0) transparent_ = block[4];
    while (block != nullptr) {
      if (DGifGetExtensionNext(gif_, &block) == GIF_ERROR) return Damaged(kName, "an extension does not decode");
    }
    return OkStatus();
  }

  GifFileType* gif_;
  int transparent_ = -1;
};

}  // namespace

Result<Picture> DecodeGif(Bytes file) {
  int error = 0;
  GifFileType* const gif = DGifOpen(&file, Pull, &error);
  if (gif == nullptr) return Damaged(kName, "its header does not decode");
  Result<Picture> picture = Decoder(gif).Run();
  DGifCloseFile(gif, &error);
  return picture;
}

}  // namespace webinfer::codecs
