#include "passes/graph_test.h"

namespace webinfer::testing {
namespace {

using ::testing::ElementsAre;

TEST(FuseContraction, BatchNormalizationResidualAndActivation) {
  const Optimized graph = Optimize([](Builder& b) {
    const ValueId in = b.Input({1, 4, 6, 6});
    ValueId x = b.Conv(in, 4, 4, 3, false);
    x = b.Add("Mul", {x, b.Random({4, 1, 1})});
    x = b.Add("Add", {b.Random({1, 4, 1, 1}), x});
    x = b.Add("Relu", {b.Add("Add", {in, x})});
    b.Output(x);
  });
  ASSERT_THAT(graph.ops, ElementsAre("Transpose", "webinfer.Conv", "Transpose"));
  EXPECT_EQ(graph.At(1).attributes.String("activation", ""), "Relu");
  EXPECT_EQ(graph.At(1).inputs.size(), 4u);
}

TEST(FuseContraction, ActivationBeforeTheResidual) {
  const Optimized graph = Optimize([](Builder& b) {
    const ValueId in = b.Input({1, 4, 6, 6});
    const ValueId x = b.Conv(in, 4, 4, 3);
    b.Output(b.Add("Add", {in, b.Add("Mul", {x, b.Add("Sigmoid", {x})})}));
  });
  ASSERT_THAT(graph.ops, ElementsAre("Transpose", "webinfer.Conv", "Transpose"));
  EXPECT_EQ(graph.At(1).attributes.String("activation", ""), "Silu");
  EXPECT_EQ(graph.At(1).attributes.Int("activation_first", 0), 1);
}

TEST(FuseContraction, MatMulBiasClip) {
  const Optimized graph = Optimize([](Builder& b) {
    ValueId x = b.Add("MatMul", {b.Input({2, -2, 5}), b.Random({5, 7})});
    x = b.Add("Sub", {b.Add("Add", {x, b.Random({7})}), b.Scalar(0.25f)});
    b.Output(b.Add("Clip", {x, b.Scalar(-0.5f), b.Scalar(1)}));
  });
  ASSERT_THAT(graph.ops, ElementsAre("webinfer.MatMul"));
  EXPECT_THAT(graph.At(0).attributes.Floats("activation_params"), ElementsAre(-0.5f, 1));
}

TEST(FuseContraction, AScaleBehindABiasScalesBoth) {
  const Optimized graph = Optimize([](Builder& b) {
    ValueId x = b.Add("MatMul", {b.Input({3, 5}), b.Random({5, 7})});
    x = b.Add("Mul", {b.Add("Add", {x, b.Random({7})}), b.Random({7})});
    b.Output(b.Add("Mul", {x, b.Scalar(3)}));
  });
  EXPECT_THAT(graph.ops, ElementsAre("webinfer.MatMul"));
}

TEST(FuseContraction, WhatTwoReadStaysAsItIs) {
  const Optimized graph = Optimize([](Builder& b) {
    const ValueId x = b.Add("MatMul", {b.Input({3, 5}), b.Random({5, 7})});
    b.Output(x);
    b.Output(b.Add("Relu", {x}));
  });
  EXPECT_EQ(graph.Count("Relu"), 1);
}

TEST(FuseContraction, ABroadcastSumIsNoResidual) {
  const Optimized graph = Optimize([](Builder& b) {
    const ValueId x = b.Add("MatMul", {b.Input({-2, 5}), b.Random({5, 7})});
    b.Output(b.Add("Add", {x, b.Input({-3, 7})}));
  });
  EXPECT_EQ(graph.Count("Add"), 1);
}

TEST(FuseContraction, PadsOfAConvolution) {
  const Optimized graph = Optimize([](Builder& b) {
    const ValueId x = b.Add("Pad", {b.Input({1, 2, 6, 6}), b.Ints({0, 0, 1, 0, 0, 0, 2, 3})});
    b.Output(b.Conv(x, 2, 3, 3));
  });
  EXPECT_EQ(graph.Count("Pad"), 0);
}

TEST(FuseContraction, ATransposedRightHandSide) {
  const Optimized graph = Optimize([](Builder& b) {
    const ValueId k = b.Permuted(b.Input({2, 3, 4, 5}), {0, 2, 3, 1});
    b.Output(b.Add("MatMul", {b.Input({2, 4, 6, 5}), k}));
  });
  ASSERT_THAT(graph.ops, ElementsAre("Transpose", "webinfer.MatMul"));
  EXPECT_THAT(graph.At(0).attributes.Ints("perm"), ElementsAre(0, 2, 1, 3));
}

TEST(FuseContraction, AffineAndLimitsBehindAnActivation) {
  const Optimized graph = Optimize([](Builder& b) {
    const ValueId in = b.Input({1, 8, 6, 6});
    ValueId x = b.Add("HardSwish", {b.Conv(in, 8, 8, 3)});
    x = b.Add("Add", {b.Add("Mul", {x, b.Floats({0.5f}, {1})}), b.Floats({-0.25f}, {1})});
    x = b.Add("LeakyRelu", {b.Conv(x, 8, 8, 1)});
    x = b.Add("Max", {x, b.Scalar(-0.01f)});
    x = b.Add("Sub", {b.Add("Relu", {b.Conv(x, 8, 8, 1)}), b.Scalar(0.125f)});
    b.Output(b.Add("Add", {x, in}));
  });
  ASSERT_THAT(graph.ops, ElementsAre("Transpose", "webinfer.Conv", "webinfer.Conv", "webinfer.Conv", "Transpose"));
  EXPECT_THAT(graph.At(1).attributes.Floats("activation_tail"), ElementsAre(0.5f, -0.25f, -INFINITY, INFINITY));
  EXPECT_THAT(graph.At(2).attributes.Floats("activation_tail"), ElementsAre(1, 0, -0.01f, INFINITY));
}

}  // namespace
}  // namespace webinfer::testing
