#include "tensor/shape.h"

#include <gtest/gtest.h>

namespace webinfer {
namespace {

TEST(Shape, CheckedElementsRefusesWhatOverflows) {
  EXPECT_EQ(*Shape({2, 3, 4}).CheckedElements(), 24);
  EXPECT_EQ(*Shape().CheckedElements(), 1);
  EXPECT_EQ(*Shape({0, int64_t{1} << 40}).CheckedElements(), 0);
  EXPECT_FALSE(Shape({int64_t{1} << 40, int64_t{1} << 40}).CheckedElements().ok());
  EXPECT_FALSE(Shape({0, int64_t{1} << 40, int64_t{1} << 40}).CheckedElements().ok());
  EXPECT_FALSE(Shape({INT64_MAX}).CheckedElements().ok());
  EXPECT_FALSE(Shape({-1}).CheckedElements().ok());
}

TEST(Shape, BroadcastFollowsNumPy) {
  EXPECT_EQ(*Broadcast({5, 1, 3}, {4, 1}), Shape({5, 4, 3}));
  EXPECT_EQ(*Broadcast({}, {2, 0}), Shape({2, 0}));
  EXPECT_EQ(*Broadcast({1}, {0}), Shape({0}));
  EXPECT_EQ(*Broadcast({kUnknownDim, 3}, {7, 1}), Shape({7, 3}));
  EXPECT_FALSE(Broadcast({2, 3}, {3, 2}).ok());
  EXPECT_STREQ(LastError().actual, "[2,3] and [3,2]");
}

TEST(Shape, AxesMayBeNegativeButNotOutside) {
  EXPECT_EQ(*NormalizeAxis(-1, 4), 3);
  EXPECT_EQ(*NormalizeAxis(3, 4), 3);
  EXPECT_FALSE(NormalizeAxis(4, 4).ok());
  EXPECT_FALSE(NormalizeAxis(-5, 4).ok());
  EXPECT_FALSE(NormalizeAxis(0, 0).ok());
}

TEST(Shape, MergeTakesWhatEitherSideKnows) {
  EXPECT_EQ(*MergeShapes({kUnknownDim, 3}, {2, kUnknownDim}), Shape({2, 3}));
  EXPECT_EQ(*MergeShapes(Shape::UnknownRank(), {2}), Shape({2}));
  EXPECT_FALSE(MergeShapes({2}, {3}).ok());
  EXPECT_FALSE(MergeShapes({2}, {2, 1}).ok());
}

TEST(Shape, TooManyDimensionsAreRefused) {
  const int64_t dims[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
  EXPECT_TRUE(Shape::Of({dims, 8}).ok());
  EXPECT_EQ(Shape::Of({dims, 9}).status().code(), Code::kUnsupported);
}

TEST(Shape, InsertAndErase) {
  Shape shape({2, 3});
  shape.Insert(1, 7);
  EXPECT_EQ(shape, Shape({2, 7, 3}));
  shape.Erase(0);
  EXPECT_EQ(shape, Shape({7, 3}));
}

}  // namespace
}  // namespace webinfer
