#include "passes/graph_test.h"

namespace webinfer::testing {
namespace {

using ::testing::ElementsAre;

TEST(RecognizeActivation, GeluWithErfInEveryGrouping) {
  for (int form = 0; form < 3; ++form) {
    const Optimized graph = Optimize([&](Builder& b) {
      const ValueId x = b.Input({3, 5});
      const ValueId gate = b.Add("Add", {b.Add("Erf", {b.Add("Div", {x, b.Scalar(1.41421356f)})}), b.Scalar(1)});
      if (form == 0) b.Output(b.Add("Mul", {b.Add("Mul", {x, gate}), b.Scalar(0.5f)}));
      if (form == 1) b.Output(b.Add("Mul", {b.Add("Mul", {b.Scalar(0.5f), x}), gate}));
      if (form == 2) b.Output(b.Add("Mul", {x, b.Add("Mul", {gate, b.Scalar(0.5f)})}));
    });
    EXPECT_THAT(graph.ops, ElementsAre("Gelu"));
  }
}

TEST(RecognizeActivation, GeluWithTanh) {
  for (int form = 0; form < 2; ++form) {
    const Optimized graph = Optimize([&](Builder& b) {
      const ValueId x = b.Input({3, 5});
      ValueId inner;
      if (form == 0) {
        const ValueId cube = b.Add("Mul", {b.Add("Pow", {x, b.Scalar(3)}), b.Scalar(0.044715f)});
        inner = b.Add("Mul", {b.Add("Add", {x, cube}), b.Scalar(0.79788456f)});
      } else {
        const ValueId square = b.Add("Mul", {b.Scalar(0.044715f), b.Add("Mul", {x, x})});
        inner = b.Add("Mul", {b.Add("Mul", {b.Scalar(0.79788456f), x}), b.Add("Add", {b.Scalar(1), square})});
      }
      const ValueId gate = b.Add("Add", {b.Add("Tanh", {inner}), b.Scalar(1)});
      b.Output(b.Add("Mul", {b.Add("Mul", {x, b.Scalar(0.5f)}), gate}));
    });
    ASSERT_THAT(graph.ops, ElementsAre("Gelu"));
    EXPECT_EQ(graph.At(0).attributes.String("approximate", "none"), "tanh");
  }
}

TEST(RecognizeActivation, TheRest) {
  const Optimized graph = Optimize([](Builder& b) {
    const ValueId x = b.Input({3, 5});
    const ValueId clip = b.Add("Clip", {b.Add("Add", {x, b.Scalar(3)}), b.Scalar(0), b.Scalar(6)});
    b.Output(b.Add("Div", {b.Add("Mul", {x, clip}), b.Scalar(6)}));
    b.Output(b.Add("Mul", {b.Add("Tanh", {b.Add("Softplus", {x})}), x}));
    b.Output(b.Add("Mul", {x, b.Add("Sigmoid", {b.Add("Mul", {x, b.Scalar(1.702f)})})}));
    b.Output(b.Add("Log", {b.Add("Add", {b.Add("Exp", {x}), b.Scalar(1)})}));
    b.Output(b.Add("Div", {clip, b.Scalar(6)}));
  });
  EXPECT_EQ(graph.Count("HardSwish"), 1);
  EXPECT_EQ(graph.Count("Mish"), 1);
  EXPECT_EQ(graph.Count("Swish"), 1);
  EXPECT_EQ(graph.Count("Softplus"), 1);
  EXPECT_EQ(graph.Count("HardSigmoid"), 1);
}

TEST(RecognizeActivation, AGateOfAnotherValueIsNone) {
  const Optimized graph = Optimize([](Builder& b) {
    b.Output(b.Add("Mul", {b.Input({3, 5}), b.Add("Sigmoid", {b.Input({3, 5})})}));
  });
  EXPECT_EQ(graph.Count("Swish"), 0);
}

ValueId SpellLayerNorm(Builder& b, ValueId x, bool centred) {
  ValueId d = x;
  if (centred) d = b.Add("Sub", {x, b.Add("ReduceMean", {x, b.Ints({-1})})});
  const ValueId variance = b.Add("ReduceMean", {b.Add("Pow", {d, b.Scalar(2)}), b.Ints({-1})});
  return b.Add("Div", {d, b.Add("Sqrt", {b.Add("Add", {variance, b.Scalar(1e-5f)})})});
}

TEST(RecognizeNorm, LayerNormalization) {
  const Optimized graph = Optimize([](Builder& b) {
    const ValueId n = SpellLayerNorm(b, b.Input({2, -2, 6}), true);
    b.Output(b.Add("Add", {b.Add("Mul", {n, b.Random({6})}), b.Random({6})}));
  });
  EXPECT_EQ(graph.Count("LayerNormalization"), 1);
  EXPECT_EQ(graph.Count("ReduceMean"), 0);
}

TEST(RecognizeNorm, WithoutScaleAndRootMeanSquare) {
  const Optimized graph = Optimize([](Builder& b) {
    const ValueId x = b.Input({2, 3, 6});
    b.Output(SpellLayerNorm(b, x, true));
    b.Output(b.Add("Mul", {b.Random({6}), SpellLayerNorm(b, x, false)}));
  });
  EXPECT_EQ(graph.Count("Sqrt"), 0);
}

ValueId Heads(Builder& b, ValueId x, std::vector<int64_t> perm) {
  return b.Permuted(b.Add("Reshape", {x, b.Ints({0, 0, 2, 4})}), std::move(perm));
}

TEST(RecognizeAttention, WithTheTransposesAroundItScaleAndMask) {
  const Optimized graph = Optimize([](Builder& b) {
    const ValueId x = b.Input({2, -2, 8});
    const ValueId q = Heads(b, x, {0, 2, 1, 3}), k = Heads(b, b.Add("Exp", {x}), {0, 2, 3, 1}),
                  v = Heads(b, b.Add("Abs", {x}), {0, 2, 1, 3});
    ValueId scores = b.Add("Div", {b.Add("MatMul", {q, k}), b.Scalar(2)});
    scores = b.Axis(b.Add("Softmax", {b.Add("Add", {scores, b.Input({2, 1, 1, -2})})}), -1);
    const ValueId y = b.Permuted(b.Add("MatMul", {scores, v}), {0, 2, 1, 3});
    b.Output(b.Add("Reshape", {y, b.Ints({0, 0, 8})}));
  });
  EXPECT_THAT(graph.ops, ElementsAre("Reshape", "Exp", "Reshape", "Abs", "Reshape", "webinfer.Attention", "Reshape"));
}

// PyTorch's exporter: batches and heads merged around the transpose of keys, the root of the scale on either side, NaN guarded.
TEST(RecognizeAttention, AsScaledDotProductAttentionIsExported) {
  const Optimized graph = Optimize([](Builder& b) {
    const ValueId x = b.Input({3, 5, 8});
    const ValueId q = b.Add("Mul", {Heads(b, x, {0, 2, 1, 3}), b.Scalar(0.7f)});
    ValueId k = b.Add("Reshape", {Heads(b, b.Add("Exp", {x}), {0, 2, 1, 3}), b.Ints({6, 5, 4})});
    k = b.Add("Mul", {b.Add("Reshape", {b.Permuted(k, {0, 2, 1}), b.Ints({3, 2, 4, 5})}), b.Scalar(0.7f)});
    ValueId weights = b.Axis(b.Add("Softmax", {b.Add("MatMul", {q, k})}), -1);
    weights = b.Add("Where", {b.Add("IsNaN", {weights}), b.Scalar(0), weights});
    b.Output(b.Permuted(b.Add("MatMul", {weights, Heads(b, x, {0, 2, 1, 3})}), {0, 2, 1, 3}));
  });
  EXPECT_EQ(graph.Count("webinfer.Attention"), 1);
  EXPECT_EQ(graph.Count("Transpose"), 0);
}

TEST(RecognizeAttention, BatchedProductsOfThreeAxes) {
  const Optimized graph = Optimize([](Builder& b) {
    const ValueId x = b.Input({3, 5, 8});
    const auto merged = [&](ValueId id) { return b.Add("Reshape", {Heads(b, id, {0, 2, 1, 3}), b.Ints({6, 5, 4})}); };
    const ValueId scores = b.Add("MatMul", {merged(x), b.Permuted(merged(b.Add("Exp", {x})), {0, 2, 1})});
    const ValueId y = b.Add("MatMul", {b.Axis(b.Add("Softmax", {scores}), -1), merged(b.Add("Abs", {x}))});
    b.Output(b.Permuted(b.Add("Reshape", {y, b.Ints({3, 2, 5, 4})}), {0, 2, 1, 3}));
  });
  EXPECT_EQ(graph.Count("webinfer.Attention"), 1);
  EXPECT_EQ(graph.Count("Transpose"), 0);
}

TEST(RecognizeAttention, HeadsRepeatedForGroupsOfQueries) {
  const Optimized graph = Optimize([](Builder& b) {
    const auto repeated = [&](ValueId id) {
      const ValueId wide = b.Add("Expand", {b.Add("Unsqueeze", {id, b.Ints({2})}), b.Ints({2, 2, 3, 5, 4})});
      return b.Add("Reshape", {wide, b.Ints({2, 6, 5, 4})});
    };
    const ValueId k = repeated(b.Input({2, 2, 5, 4})), v = repeated(b.Input({2, 2, 5, 4}));
    const ValueId scores = b.Add("MatMul", {b.Input({2, 6, 7, 4}), b.Permuted(k, {0, 1, 3, 2})});
    b.Output(b.Add("MatMul", {b.Axis(b.Add("Softmax", {scores}), -1), v}));
  });
  EXPECT_THAT(graph.ops, ElementsAre("webinfer.Attention"));
}

TEST(RecognizeAttention, AMaskThatWidensTheScoresIsNone) {
  const Optimized graph = Optimize([](Builder& b) {
    const ValueId q = b.Input({1, 2, 5, 4});
    ValueId scores = b.Add("MatMul", {q, b.Permuted(q, {0, 1, 3, 2})});
    scores = b.Axis(b.Add("Softmax", {b.Add("Add", {scores, b.Input({3, 1, 1, 5})})}), -1);
    b.Output(b.Add("MatMul", {scores, q}));
  });
  EXPECT_EQ(graph.Count("webinfer.Attention"), 0);
}

}  // namespace
}  // namespace webinfer::testing
