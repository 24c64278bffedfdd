#include "passes/graph_test.h"

namespace webinfer::testing {
namespace {

using ::testing::ElementsAre;

ValueId Concat(Builder& b, std::vector<ValueId> parts) { return b.Axis(b.Add("Concat", std::move(parts)), 1); }

TEST(FuseConvInputs, AConcatIsReadPartByPart) {
  for (int64_t batch : {1, 2}) {
    const Optimized graph = Optimize([batch](Builder& b) {
      const ValueId in = b.Input({batch, 8, 7, 5});
      const ValueId x = Concat(b, {b.Conv(in, 8, 16, 3), b.Conv(in, 8, 24, 1), b.Conv(in, 8, 8, 1)});
      b.Output(b.Add("Relu", {b.Conv(x, 48, 20, 1)}));
    });
    EXPECT_EQ(graph.Count("Concat"), 0);
    EXPECT_EQ(graph.Count("webinfer.Conv"), 4);
  }
}

TEST(FuseConvInputs, AllConvolutionsBehindAConcatReadIt) {
  const Optimized graph = Optimize([](Builder& b) {
    const ValueId in = b.Input({1, 8, 4, 4});
    const ValueId x = Concat(b, {in, b.Conv(in, 8, 8, 3)});
    b.Output(Concat(b, {b.Conv(x, 16, 7, 1), b.Conv(x, 16, 3, 1)}));
  });
  EXPECT_EQ(graph.Count("Concat"), 1);
}

TEST(FuseConvInputs, APoolGoesToTheParts) {
  const Optimized graph = Optimize([](Builder& b) {
    const ValueId in = b.Input({1, 8, 9, 9});
    const ValueId x = b.Add("MaxPool", {Concat(b, {b.Conv(in, 8, 16, 1), b.Conv(in, 8, 16, 3)})});
    b.Last().SetInts("kernel_shape", {3, 3});
    b.Last().SetInts("strides", {2, 2});
    b.Output(b.Conv(x, 32, 8, 1));
  });
  EXPECT_EQ(graph.Count("Concat"), 0);
  EXPECT_EQ(graph.Count("webinfer.MaxPool"), 2);
}

TEST(FuseConvInputs, WhatASplitMadeIsOneAgain) {
  const Optimized graph = Optimize([](Builder& b) {
    const ValueId x = b.Conv(b.Input({1, 8, 6, 6}), 8, 32, 1);
    const auto halves = b.AddMany("Split", {x, b.Ints({16, 16})}, 2);
    b.Axis(halves[0], 1);
    b.Output(b.Conv(Concat(b, {halves[0], halves[1], b.Conv(halves[1], 16, 16, 3)}), 48, 8, 1));
  });
  EXPECT_EQ(graph.Count("Concat"), 0);
  EXPECT_EQ(graph.Count("Split"), 1);
}

TEST(FuseConvInputs, NarrowPartsAndOtherReadersKeepTheConcat) {
  const Optimized narrow = Optimize([](Builder& b) {
    const ValueId in = b.Input({1, 8, 4, 4});
    b.Output(b.Conv(Concat(b, {in, b.Conv(in, 8, 3, 1)}), 11, 4, 1));
  });
  EXPECT_EQ(narrow.Count("Concat"), 1);
  const Optimized read = Optimize([](Builder& b) {
    const ValueId in = b.Input({1, 8, 4, 4});
    const ValueId x = Concat(b, {in, b.Conv(in, 8, 8, 1)});
    b.Output(b.Conv(x, 16, 4, 1));
    b.Output(b.Add("Relu", {x}));
  });
  EXPECT_EQ(read.Count("Concat"), 1);
}

TEST(FuseConvInputs, SqueezeAndExcitation) {
  for (int64_t filters : {5, 40}) {  // factors go into the weights, or into the image
    for (int64_t batch : {1, 2}) {
      const Optimized graph = Optimize([=](Builder& b) {
        const ValueId x = b.Conv(b.Input({batch, 4, 4, 5}), 4, 10, 1), skip = b.Input({batch, filters, 4, 5});
        const ValueId squeezed = b.Conv(b.Add("GlobalAveragePool", {x}), 10, 10, 1);
        const ValueId y = b.Conv(b.Add("Mul", {x, b.Add("Sigmoid", {squeezed})}), 10, filters, 1);
        b.Output(b.Add("Add", {y, skip}));
      });
      EXPECT_EQ(graph.Count("Mul"), 0);
    }
  }
}

}  // namespace
}  // namespace webinfer::testing
