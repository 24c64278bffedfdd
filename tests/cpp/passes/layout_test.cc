#include "passes/graph_test.h"

namespace webinfer::testing {
namespace {

using ::testing::ElementsAre;

TEST(Layout, OnlyTheEdgesOfAChainAreTransposed) {
  const Optimized graph = Optimize([](Builder& b) {
    ValueId x = b.Conv(b.Input({2, 3, 6, 7}), 3, 4, 3);
    x = b.Add("Abs", {x});  // no epilogue
    b.Output(b.Conv(x, 4, 5, 1));
  });
  EXPECT_THAT(graph.ops, ElementsAre("Transpose", "webinfer.Conv", "Abs", "webinfer.Conv", "Transpose"));
}

TEST(Layout, FollowsConcatSplitAndPerChannelConstants) {
  const Optimized graph = Optimize([](Builder& b) {
    const ValueId x = b.Conv(b.Input({1, 3, 6, 6}), 3, 4, 3);
    const ValueId shifted = b.Add("Abs", {b.Add("Mul", {b.Add("Abs", {x}), b.Random({4, 1, 1})})});
    const std::vector<ValueId> parts = b.AddMany("Split", {shifted, b.Ints({1, 3})}, 2);
    b.Last().SetInt("axis", 1);
    const ValueId joined = b.Axis(b.Add("Concat", {parts[1], x, b.Random({1, 2, 6, 6})}), 1);
    b.Output(b.Conv(joined, 9, 2, 1));
    b.Output(b.Conv(parts[0], 1, 2, 3));
  });
  EXPECT_EQ(graph.Count("Transpose"), 3);  // one in, two out
}

TEST(Layout, SqueezeAndExciteStaysInside) {
  const Optimized graph = Optimize([](Builder& b) {
    const ValueId x = b.Conv(b.Input({1, 3, 6, 6}), 3, 8, 3);
    ValueId gate = b.Add("ReduceMean", {x, b.Ints({2, 3})});
    gate = b.Add("Sigmoid", {b.Conv(b.Add("Relu", {b.Conv(gate, 8, 2, 1)}), 2, 8, 1)});
    const ValueId scaled = b.Add("Mul", {x, gate});
    b.Output(b.Conv(scaled, 8, 4, 1));
  });
  EXPECT_EQ(graph.Count("Transpose"), 2);
}

TEST(Layout, AReductionThatDropsAxesKeepsItsOutput) {
  const Optimized graph = Optimize([](Builder& b) {
    const ValueId x = b.Add("Abs", {b.Conv(b.Input({2, 3, 6, 6}), 3, 8, 3)});
    b.Output(b.Add("ReduceMean", {x, b.Ints({2, 3})}));
    b.Last().SetInt("keepdims", 0);
  });
  EXPECT_THAT(graph.ops, ElementsAre("Transpose", "webinfer.Conv", "Abs", "ReduceMean"));
  EXPECT_EQ(graph.Count("Transpose"), 1);
}

TEST(Layout, AReductionWhoseOutputWouldChangeGetsItsInputBack) {
  const Optimized graph = Optimize([](Builder& b) {
    const ValueId x = b.Add("Abs", {b.Conv(b.Input({2, 3, 6, 5}), 3, 8, 3)});
    const ValueId y = b.Conv(x, 8, 4, 3);
    b.Output(y);
    b.Output(b.Add("ReduceMax", {x, b.Ints({2})}));
    b.Last().SetInt("keepdims", 0);
  });
  EXPECT_EQ(graph.Count("Abs"), 1);
}

TEST(Layout, AValueInTheMiddleMayBeAnOutput) {
  const Optimized graph = Optimize([](Builder& b) {
    const ValueId x = b.Add("Abs", {b.Conv(b.Input({1, 3, 6, 5}), 3, 8, 3)});
    b.Output(x);
    b.Output(b.Conv(b.Add("Exp", {x}), 8, 4, 3));
  });
  EXPECT_EQ(graph.Count("Transpose"), 3);
}

TEST(Layout, PadsAndSlicesNameTheirAxes) {
  const Optimized graph = Optimize([](Builder& b) {
    ValueId x = b.Add("Abs", {b.Conv(b.Input({1, 3, 6, 5}), 3, 8, 3)});
    x = b.Add("Slice", {x, b.Ints({1, 2}), b.Ints({3, 7}), b.Ints({2, 1})});
    x = b.Add("Pad", {x, b.Ints({0, 1, 0, 2, 0, 0, 3, 0}), b.Scalar(2)});
    x = b.Add("Pad", {x, b.Ints({1, 2}), kNoValue, b.Ints({-1})});
    b.Last().SetString("mode", "edge");
    x = b.Add("Tile", {x, b.Ints({1, 2, 1, 1})});
    b.Output(b.Conv(x, 12, 4, 3));
  });
  EXPECT_EQ(graph.Count("Transpose"), 2);
}

TEST(Layout, ChannelShufflesStayInside) {
  const Optimized graph = Optimize([](Builder& b) {
    ValueId x = b.Add("Reshape", {b.Conv(b.Input({1, 3, 6, 5}), 3, 6, 3), b.Ints({1, 2, 3, 6, 5})});
    x = b.Add("Reshape", {b.Permuted(x, {0, 2, 1, 3, 4}), b.Ints({1, 6, 6, 5})});
    b.Output(b.Conv(x, 6, 4, 1));
  });
  EXPECT_THAT(graph.ops, ElementsAre("Transpose", "webinfer.Conv", "Gather", "webinfer.Conv", "Transpose"));
}

TEST(Layout, ResidualsOfUnknownSizesFuse) {
  const Optimized graph = Optimize(
      [](Builder& b) {
        const ValueId x = b.Conv(b.Input({1, 3, -2, -3}), 3, 4, 3);
        const ValueId pool = b.Add("MaxPool", {x});
        b.Last().SetInts("kernel_shape", {2, 2});
        b.Last().SetInts("strides", {2, 2});
        b.Output(b.Add("Add", {x, b.Conv(x, 4, 4, 3)}));
        b.Output(b.Add("Add", {pool, b.Conv(pool, 4, 4, 1)}));
      },
      6);
  EXPECT_EQ(graph.Count("Add"), 0);
}

TEST(Layout, UnknownBatchSizes) {
  const Optimized graph = Optimize([](Builder& b) {
    const ValueId x = b.Conv(b.Input({-2, 3, 6, 5}), 3, 8, 3);
    const ValueId y = b.Add("Add", {b.Conv(b.Add("Abs", {x}), 8, 8, 3), x});
    b.Output(b.Axis(b.Add("Flatten", {b.Add("ReduceMax", {y, b.Ints({2, 3})})}), 1));
  });
  EXPECT_EQ(graph.Count("Transpose"), 1);
}

TEST(Layout, TransposesOfTransposesMeet) {
  const Optimized graph = Optimize([](Builder& b) {
    ValueId x = b.Permuted(b.Input({2, 3, 4}), {2, 0, 1});
    x = b.Add("Exp", {x});
    x = b.Axis(b.Add("Softmax", {x}), 1);
    b.Output(b.Permuted(x, {1, 2, 0}));
  });
  EXPECT_EQ(graph.Count("Transpose"), 0);
}

}  // namespace
}  // namespace webinfer::testing
