#include "codecs/codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace webinfer::codecs {
namespace {

struct Expected {
  std::string name;
  int64_t width, height;
  uint64_t rgb, grey;
};

// Made by Pillow: tests/data/images/make.py.
std::vector<Expected> ReadExpected() {
  std::ifstream file(WEBINFER_TEST_DATA "/images/expected.txt");
  std::vector<Expected> list;
  Expected e;
  while (file >> e.name >> e.width >> e.height >> std::hex >> e.rgb >> e.grey >> std::dec) list.push_back(e);
  return list;
}

std::vector<uint8_t> ReadImage(const std::string& name) {
  std::ifstream file(WEBINFER_TEST_DATA "/images/" + name, std::ios::binary);
  return std::vector<uint8_t>(std::istreambuf_iterator<char>(file), {});
}

uint64_t Fnv(const Picture& picture) {
  uint64_t hash = 0xCBF29CE484222325;
  for (size_t i = 0; i < picture.pixels.size(); ++i) hash = (hash ^ picture.pixels.data()[i]) * 0x100000001B3;
  return hash;
}

TEST(Codec, GivesPillowsPixels) {
  const std::vector<Expected> all = ReadExpected();
  ASSERT_GE(all.size(), 50u);
  for (const Expected& e : all) {
    const std::vector<uint8_t> file = ReadImage(e.name);
    for (const int channels : {3, 1}) {
      Result<Picture> picture = Decode(file, channels);
      ASSERT_TRUE(picture.ok()) << e.name << ": " << LastError().message;
      EXPECT_EQ(picture->width, e.width) << e.name;
      EXPECT_EQ(picture->height, e.height) << e.name;
      EXPECT_EQ(picture->channels, channels) << e.name;
      EXPECT_EQ(Fnv(*picture), channels == 3 ? e.rgb : e.grey) << e.name << " with " << channels << " channels";
    }
  }
}

TEST(Codec, RefusesFilesThatAreCut) {
  for (const Expected& e : ReadExpected()) {
    const std::vector<uint8_t> file = ReadImage(e.name);
    for (size_t size = 0; size < file.size(); size += file.size() / 16 + 1) {
      const std::vector<uint8_t> cut(file.begin(), file.begin() + static_cast<ptrdiff_t>(size));
      const Result<Picture> picture = Decode(cut, 3);
      // Fewer bytes are less quality there, and libtiff takes indices without their palette for grey.
      const bool lenient = e.name.ends_with(".jp2") || e.name.ends_with(".j2k") || e.name == "palette.tif";
      if (lenient || size >= file.size() / 2) continue;
      EXPECT_FALSE(picture.ok()) << e.name << " cut to " << size;
    }
  }
}

TEST(Codec, SurvivesDamage) {
  uint32_t random = 1;
  const auto next = [&] { return (random = random * 1664525 + 1013904223) >> 8; };
  for (const Expected& e : ReadExpected()) {
    const std::vector<uint8_t> file = ReadImage(e.name);
    for (int round = 0; round < 60; ++round) {
      std::vector<uint8_t> damaged = file;
      for (uint32_t flips = next() % 4 + 1; flips > 0; --flips) {
        const size_t at = round % 2 == 0 ? next() % damaged.size() : next() % std::min<size_t>(damaged.size(), 64);
        damaged[at] = static_cast<uint8_t>(next());
      }
      const Result<Picture> picture = Decode(damaged, 3);
      const auto pixels = static_cast<size_t>(picture->width * picture->height);
      EXPECT_TRUE(!picture.ok() || picture->pixels.size() == pixels * 3);
    }
  }
}

TEST(Codec, NamesWhatIsNoImage) {
  const std::vector<uint8_t> text = {'h', 'e', 'l', 'l', 'o'};
  EXPECT_EQ(Decode(text, 3).status().code(), Code::kInvalidArgument);
  EXPECT_THAT(LastError().expected, ::testing::HasSubstr("PNG"));
  EXPECT_FALSE(Decode({}, 3).ok());
}

}  // namespace
}  // namespace webinfer::codecs
