#include "base/hash.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace webinfer {
namespace {

std::vector<uint8_t> Bytes(size_t count) {
  std::vector<uint8_t> bytes(count);
  for (size_t i = 0; i < count; ++i) bytes[i] = static_cast<uint8_t>(i * 7 + i / 256);
  return bytes;
}

TEST(Hash, EveryByteAndTheLengthCount) {
  for (size_t count : {0, 1, 31, 32, 33, 100, 1000}) {
    std::vector<uint8_t> bytes = Bytes(count);
    const uint64_t hash = HashBytes(bytes);
    for (size_t i = 0; i < count; ++i) {
      bytes[i] ^= 0x10;
      EXPECT_NE(HashBytes(bytes), hash) << count << " " << i;
      bytes[i] ^= 0x10;
    }
    bytes.push_back(0);
    EXPECT_NE(HashBytes(bytes), hash) << count;
  }
}

TEST(Hash, PiecesGiveWhatTheWholeGives) {
  const std::vector<uint8_t> bytes = Bytes(1000);
  for (size_t cut = 0; cut < bytes.size(); cut += Hasher::kBlock) {
    Hasher hasher;
    hasher.Update(std::span(bytes).first(cut));
    hasher.Update(std::span(bytes).subspan(cut));
    EXPECT_EQ(hasher.Finish(), HashBytes(bytes)) << cut;
  }
}

TEST(Hash, SwappedBlocksAreSeen) {
  std::vector<uint8_t> bytes = Bytes(96);
  const uint64_t hash = HashBytes(bytes);
  std::swap_ranges(bytes.begin(), bytes.begin() + 32, bytes.begin() + 32);
  EXPECT_NE(HashBytes(bytes), hash);
}

}  // namespace
}  // namespace webinfer
