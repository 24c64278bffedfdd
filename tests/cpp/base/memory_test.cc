#include "base/memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace webinfer {
namespace {

TEST(Memory, CountsWhatIsHeld) {
  const MemoryStats before = GetMemoryStats();
  {
    Buffer a, b;
    ASSERT_TRUE(a.Allocate(1000, "a").ok());
    ASSERT_TRUE(b.Allocate(500, "b").ok());
    EXPECT_EQ(reinterpret_cast<uintptr_t>(a.data()) % kAlignment, 0u);
    EXPECT_EQ(GetMemoryStats().live, before.live + 1500);
    EXPECT_EQ(GetMemoryStats().allocations, before.allocations + 2);
  }
  EXPECT_EQ(GetMemoryStats().live, before.live);
  EXPECT_GE(GetMemoryStats().peak, before.live + 1500);
}

TEST(Memory, LimitIsAnErrorThatNamesIt) {
  SetMemoryLimit(GetMemoryStats().live + 100);
  Buffer buffer;
  EXPECT_TRUE(buffer.Allocate(100, "fits").ok());
  buffer.Reset();
  EXPECT_EQ(buffer.Allocate(101, "the weights").code(), Code::kOutOfMemory);
  EXPECT_THAT(LastError().message, testing::HasSubstr("101 bytes for the weights"));
  EXPECT_EQ(buffer.data(), nullptr);
  SetMemoryLimit(0);
  EXPECT_EQ(buffer.Allocate(UINT64_MAX, "everything").code(), Code::kOutOfMemory);
}

TEST(Memory, InjectedFailuresComeWhenTheyShould) {
  InjectAllocationFailure(2, 3);
  bool ok[9];
  for (bool& each : ok) {
    Buffer buffer;
    each = buffer.Allocate(8, "a test").ok();
  }
  InjectAllocationFailure(0, 0);
  EXPECT_THAT(ok, testing::ElementsAre(true, false, true, true, false, true, true, false, true));
}

TEST(Array, KeepsItsElementsWhileItGrows) {
  Array<int> array;
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(array.Append(i).ok());
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(array[static_cast<size_t>(i)], i);
  InjectAllocationFailure(1, 0);
  EXPECT_EQ(array.Reserve(100000).code(), Code::kOutOfMemory);
  InjectAllocationFailure(0, 0);
  EXPECT_EQ(array.size(), 1000u);
  EXPECT_EQ(array[999], 999);
}

}  // namespace
}  // namespace webinfer
