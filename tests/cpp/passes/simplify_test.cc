#include "passes/graph_test.h"

namespace webinfer::testing {
namespace {

using ::testing::ElementsAre;

TEST(Simplify, NeutralOperatorsGo) {
  const Optimized graph = Optimize([](Builder& b) {
    ValueId x = b.Add("Exp", {b.Input({-2, 4})});
    x = b.Add("Mul", {x, b.Floats({1, 1, 1, 1}, {4})});
    x = b.Add("Add", {b.Scalar(0), b.Add("Div", {x, b.Scalar(1)})});
    x = b.Add("Slice", {x, b.Ints({0}), b.Ints({1 << 30}), b.Ints({1})});
    x = b.Add("Dropout", {b.Add("Identity", {x})});
    b.Output(b.Add("Abs", {b.Add("Pad", {x, b.Ints({0, 0, 0, 0})})}));
  });
  EXPECT_THAT(graph.ops, ElementsAre("webinfer.Elementwise"));  // Exp and Abs
}

TEST(Simplify, ANeutralConstantThatWidensStays) {
  const Optimized graph = Optimize([](Builder& b) { b.Output(b.Add("Mul", {b.Input({1, 4}), b.Floats({1, 1}, {2, 1})})); });
  EXPECT_EQ(graph.ops.size(), 1u);
}

TEST(Simplify, ReversingIsNotNothing) {
  const Optimized graph = Optimize([](Builder& b) {
    b.Output(b.Add("Slice", {b.Input({4}), b.Ints({-1}), b.Ints({-9}), b.Ints({0}), b.Ints({-1})}));
  });
  EXPECT_EQ(graph.ops.size(), 1u);
}

TEST(Simplify, ConstantsMerge) {
  const Optimized graph = Optimize([](Builder& b) {
    ValueId x = b.Add("Div", {b.Input({3, 4}), b.Scalar(3)});
    x = b.Add("Mul", {b.Random({4}), x});
    b.Output(b.Add("Mul", {x, b.Random({3, 1})}));
  });
  EXPECT_THAT(graph.ops, ElementsAre("Mul"));
}

TEST(Simplify, AnOutputThatIsAnInput) {
  const Optimized graph = Optimize([](Builder& b) { b.Output(b.Add("Identity", {b.Input({2})})); });
  EXPECT_THAT(graph.ops, ElementsAre("Identity"));
}

TEST(CommonSubexpressions, EqualNodesBecomeOne) {
  const Optimized graph = Optimize([](Builder& b) {
    const ValueId x = b.Input({2, 3});
    b.Output(b.Add("Sub", {b.Axis(b.Add("Softmax", {x}), 0), b.Axis(b.Add("Softmax", {x}), 0)}));
    b.Output(b.Add("Sub", {b.Axis(b.Add("Softmax", {x}), 1), b.Axis(b.Add("Softmax", {x}), 0)}));
  });
  EXPECT_EQ(graph.Count("Softmax"), 2);
}

TEST(WidenHalf, WhatStandsBetweenProductsComputesInFloat32) {
  Model model;
  Builder b(model);
  const auto half = [&](ValueId id) {
    const ValueId cast = b.Add("Cast", {id});
    b.Last().SetInt("to", static_cast<int64_t>(DType::kFloat16));
    return cast;
  };
  ValueId x = b.Add("MatMul", {b.Input({3, 4}, DType::kFloat16), half(b.Random({4, 4}))});
  x = b.Add("Relu", {b.Add("Add", {x, half(b.Random({4}))})});
  const std::vector<ValueId> parts = b.AddMany("Split", {x, b.Ints({1, 3})}, 2);
  b.Last().SetInt("axis", 1);
  b.Output(b.Add("MatMul", {parts[1], half(b.Random({3, 2}))}));
  b.Output(parts[0]);
  ASSERT_TRUE(webinfer::Optimize(model, PassOptions()).ok()) << ErrorText();
  std::vector<std::string> ops;
  for (const auto& node : model.graph.nodes) ops.push_back(node->op);
  EXPECT_THAT(ops, ElementsAre("Cast", "MatMul", "Split", "Cast", "MatMul", "Cast")) << DumpGraph(model.graph);
  EXPECT_EQ(model.graph.values[model.graph.outputs[1]].type.dtype, DType::kFloat16);
}

TEST(Reshape, ArithmeticOnSizesBecomesAConstant) {
  const Optimized graph = Optimize([](Builder& b) {
    const ValueId x = b.Input({-2, -3, 24});
    const ValueId shape = b.Add("Shape", {x});
    const auto size = [&](int64_t i) {
      return b.Add("Unsqueeze", {b.Add("Gather", {shape, b.Ints({i}, Shape())}), b.Ints({0})});
    };
    const ValueId heads = b.Axis(b.Add("Concat", {size(0), size(1), b.Ints({4}), b.Ints({6})}), 0);
    const ValueId y = b.Permuted(b.Add("Reshape", {x, heads}), {0, 2, 1, 3});
    const ValueId flat = b.Axis(b.Add("Concat", {size(0), b.Ints({-1}), b.Ints({24})}), 0);
    b.Output(b.Add("Reshape", {b.Permuted(b.Add("Exp", {y}), {0, 2, 1, 3}), flat}));
  });
  EXPECT_THAT(graph.ops, ElementsAre("Exp"));  // the transposes cancel, then the shapes do
}

TEST(Reshape, ChainsBecomeOne) {
  const Optimized graph = Optimize([](Builder& b) {
    ValueId x = b.Add("Exp", {b.Input({-2, 6, 4})});
    x = b.Add("Unsqueeze", {x, b.Ints({1})});
    x = b.Add("Reshape", {x, b.Ints({0, 1, 2, -1})});
    b.Output(b.Add("Squeeze", {x, b.Ints({1})}));
  });
  EXPECT_THAT(graph.ops, ElementsAre("Exp", "Reshape"));
}

TEST(Reshape, AnExpandToWhatIsThereGoes) {
  const Optimized graph = Optimize([](Builder& b) {
    const ValueId x = b.Add("Exp", {b.Input({-2, -3})});
    const ValueId target = b.Axis(b.Add("Concat", {b.Ints({2}), b.Add("Shape", {x})}), 0);
    b.Output(b.Add("Expand", {x, target}));
    b.Output(b.Add("Abs", {b.Add("Expand", {x, b.Add("Shape", {x})})}));
  });
  EXPECT_EQ(graph.Count("Expand"), 1);
  EXPECT_EQ(graph.Count("Shape"), 0);
}

}  // namespace
}  // namespace webinfer::testing
