#include "plan/arena.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace webinfer {
namespace {

TEST(ArenaLayout, ReusesWhatWasGivenBack) {
  ArenaLayout arena;
  const uint64_t a = *arena.Take(100), b = *arena.Take(64), c = *arena.Take(1);
  EXPECT_EQ(a, 0u);
  EXPECT_EQ(b, 128u);
  EXPECT_EQ(c, 192u);
  ASSERT_TRUE(arena.GiveBack(a, 100).ok());
  EXPECT_EQ(*arena.Take(128), 0u);
  EXPECT_EQ(arena.size(), 256u);
}

TEST(ArenaLayout, PrefersTheSmallestGap) {
  ArenaLayout arena;
  const uint64_t big = *arena.Take(1024);
  (void)*arena.Take(64);
  const uint64_t small = *arena.Take(128);
  (void)*arena.Take(64);
  ASSERT_TRUE(arena.GiveBack(big, 1024).ok());
  ASSERT_TRUE(arena.GiveBack(small, 128).ok());
  EXPECT_EQ(*arena.Take(100), small);
}

TEST(ArenaLayout, LiveBlocksNeverOverlap) {
  std::mt19937 random(7);
  ArenaLayout arena;
  struct Block {
    uint64_t offset, bytes;
  };
  std::vector<Block> live;
  for (int i = 0; i < 5000; ++i) {
    if (live.empty() || random() % 5 < 3) {
      const uint64_t bytes = 1 + random() % 5000;
      const Block block{*arena.Take(bytes), bytes};
      for (const Block& other : live) {
        ASSERT_TRUE(block.offset + block.bytes <= other.offset || other.offset + other.bytes <= block.offset);
      }
      ASSERT_LE(block.offset + block.bytes, arena.size());
      live.push_back(block);
    } else {
      const size_t k = random() % live.size();
      ASSERT_TRUE(arena.GiveBack(live[k].offset, live[k].bytes).ok());
      live.erase(live.begin() + static_cast<long>(k));
    }
  }
  for (const Block& block : live) ASSERT_TRUE(arena.GiveBack(block.offset, block.bytes).ok());
  const uint64_t size = arena.size();
  EXPECT_EQ(*arena.Take(size), 0u) << "all gaps must have joined";
}

}  // namespace
}  // namespace webinfer
