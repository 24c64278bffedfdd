// What kind of image file bytes are, by the first of them.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace webinfer::codecs {

// js/src/engine/image-codecs.ts knows these numbers.
enum class FileFormat : uint8_t { kUnknown, kBmp, kGif, kJpeg, kJpeg2000, kPng, kPnm, kTiff, kWebp };

inline FileFormat Recognize(std::span<const uint8_t> file) {
  const auto starts = [&](std::string_view text, size_t at = 0) {
    return file.size() >= at + text.size() && std::memcmp(file.data() + at, text.data(), text.size()) == 0;
  };
  using namespace std::string_view_literals;
  if (starts("\xff\xd8\xff"sv)) return FileFormat::kJpeg;
  if (starts("\x89PNG\r\n\x1a\n"sv)) return FileFormat::kPng;
  if (starts("RIFF"sv) && starts("WEBP"sv, 8)) return FileFormat::kWebp;
  if (starts("BM"sv)) return FileFormat::kBmp;
  if (starts("GIF87a"sv) || starts("GIF89a"sv)) return FileFormat::kGif;
  if (starts("\0\0\0\x0cjP  \r\n\x87\n"sv) || starts("\xff\x4f\xff\x51"sv)) return FileFormat::kJpeg2000;
  for (std::string_view tiff : {"MM\0*"sv, "II*\0"sv, "MM*\0"sv, "II\0*"sv, "MM\0+"sv, "II+\0"sv}) {
    if (starts(tiff)) return FileFormat::kTiff;
  }
  if (file.size() >= 2 && file[0] == 'P' && std::strchr("123456f", file[1]) != nullptr && file[1] != 0) return FileFormat::kPnm;
  return FileFormat::kUnknown;
}

}  // namespace webinfer::codecs
