// Graphs as quantisers write them. All scales are powers of two, so that the float graph computes exactly and the integer one
// must agree to the last bit.
#include "passes/graph_test.h"

namespace webinfer::testing {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Not;
using ::testing::StartsWith;

template <typename T>
ValueId Constant(Builder& b, DType dtype, const Shape& shape, const std::function<int(int64_t)>& value) {
  Result<Tensor> tensor = Tensor::Create(dtype, shape);
  for (int64_t i = 0; i < shape.Elements(); ++i) tensor->As<T>()[i] = static_cast<T>(value(i));
  return b.graph().AddConstant("", std::make_shared<Tensor>(std::move(*tensor)));
}

struct Scale {
  float scale = 1.0f / 32;
  int zero = 128;
};

ValueId Zero(Builder& b, int value) {
  return Constant<uint8_t>(b, DType::kUint8, Shape(), [&](int64_t) { return value; });
}
ValueId Quantized(Builder& b, ValueId x, Scale s = {}) {
  return b.Add("QuantizeLinear", {x, b.Scalar(s.scale), Zero(b, s.zero)});
}
ValueId Dequantized(Builder& b, ValueId x, Scale s = {}) {
  return b.Add("DequantizeLinear", {x, b.Scalar(s.scale), Zero(b, s.zero)});
}
ValueId Pair(Builder& b, ValueId x, Scale s = {}) { return Dequantized(b, Quantized(b, x, s), s); }

// Weights with a scale for each index of `axis`.
ValueId Weights(Builder& b, const Shape& shape, int axis) {
  const ValueId bytes = Constant<int8_t>(b, DType::kInt8, shape, [](int64_t i) { return static_cast<int>(i * 37 % 251) - 125; });
  std::vector<float> scales(static_cast<size_t>(shape[axis]));
  for (size_t i = 0; i < scales.size(); ++i) scales[i] = i % 3 == 0 ? 1.0f / 512 : 1.0f / 256;
  const ValueId zeros = Constant<int8_t>(b, DType::kInt8, Shape({shape[axis]}), [](int64_t) { return 0; });
  const ValueId w = b.Add("DequantizeLinear", {bytes, b.Floats(scales, Shape({shape[axis]})), zeros});
  return b.Axis(w, axis);
}

ValueId Bias(Builder& b, int64_t count) {
  std::vector<float> values(static_cast<size_t>(count));
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) / 64 - 0.25f;
  return b.Floats(values, Shape({count}));
}

ValueId Conv(Builder& b, ValueId x, int64_t in, int64_t out, int64_t kernel) {
  const ValueId y = b.Add("Conv", {x, Weights(b, {out, in, kernel, kernel}, 0), Bias(b, out)});
  b.Last().SetInts("pads", std::vector<int64_t>(4, kernel / 2));
  return y;
}

TEST(Quantize, ConvolutionsInARow) {
  const Optimized graph = Optimize([](Builder& b) {
    ValueId x = Pair(b, b.Input({1, 3, 7, 6}));
    x = Pair(b, b.Add("Relu", {Conv(b, x, 3, 8, 3)}), {1.0f / 16, 0});
    x = Pair(b, b.Add("Clip", {Conv(b, x, 8, 5, 1), b.Scalar(-1), b.Scalar(2)}));
    b.Output(x);
  });
  EXPECT_EQ(graph.Count("webinfer.IntegerConv"), 2);
  EXPECT_EQ(graph.Count("QuantizeLinear"), 1);
  EXPECT_EQ(graph.Count("DequantizeLinear"), 1);
  EXPECT_EQ(graph.Count("webinfer.Conv"), 0);
  EXPECT_EQ(graph.difference, 0);
}

TEST(Quantize, MatrixProductWithFloatOutput) {
  const Optimized graph = Optimize([](Builder& b) {
    const ValueId x = Pair(b, b.Input({2, 3, 16}));
    b.Output(b.Add("Sigmoid", {b.Add("Add", {b.Add("MatMul", {x, Weights(b, {16, 5}, 1)}), Bias(b, 5)})}));
  });
  EXPECT_THAT(graph.ops, ElementsAre("QuantizeLinear", "webinfer.IntegerMatMul"));
}

TEST(Quantize, GemmWithTransposedWeights) {
  const Optimized graph = Optimize([](Builder& b) {
    const ValueId x = b.Add("Flatten", {Pair(b, b.Input({4, 2, 8}))});
    const ValueId y = b.Add("Gemm", {x, Weights(b, {6, 16}, 0), Bias(b, 6)});
    b.Last().SetInt("transB", 1);
    b.Output(Pair(b, y, {1.0f / 8, 100}));
  });
  EXPECT_EQ(graph.Count("webinfer.IntegerMatMul"), 1);
  EXPECT_EQ(graph.Count("webinfer.MatMul"), 0);
  EXPECT_EQ(graph.difference, 0);
}

TEST(Quantize, AddAndElementwise) {
  const Optimized graph = Optimize([](Builder& b) {
    const ValueId x = Pair(b, b.Input({2, 5, 7})), y = Pair(b, b.Input({2, 5, 7}), {1.0f / 16, 3});
    const ValueId sum = Pair(b, b.Add("Relu", {b.Add("Add", {x, y})}), {1.0f / 64, 20});
    b.Output(Pair(b, b.Add("HardSwish", {sum}), {1.0f / 32, 10}));
  });
  EXPECT_EQ(graph.Count("webinfer.IntegerAdd"), 1);
  EXPECT_EQ(graph.Count("webinfer.IntegerLookup"), 1);
  EXPECT_EQ(graph.Count("DequantizeLinear"), 1);
  EXPECT_EQ(graph.difference, 0);
}

TEST(Quantize, MovesBytes) {
  const Optimized graph = Optimize([](Builder& b) {
    const ValueId x = b.Permuted(Pair(b, b.Input({2, 3, 4, 5})), {0, 3, 1, 2});
    b.Output(Pair(b, b.Axis(b.Add("Concat", {x, x}), 1)));
  });
  EXPECT_THAT(graph.ops, ElementsAre("QuantizeLinear", "Transpose", "Concat", "DequantizeLinear"));
}

TEST(Quantize, DynamicQuantization) {
  const Optimized graph = Optimize([](Builder& b) {
    const std::vector<ValueId> q = b.AddMany("DynamicQuantizeLinear", {b.Input({3, 12})}, 3);
    const ValueId w = Constant<int8_t>(b, DType::kInt8, {12, 5}, [](int64_t i) { return static_cast<int>(i * 37 % 251) - 125; });
    const ValueId zero = Constant<int8_t>(b, DType::kInt8, Shape(), [](int64_t) { return 2; });
    const ValueId product = b.Add("Cast", {b.Add("MatMulInteger", {q[0], w, q[2], zero})});
    b.Last().SetInt("to", 1);
    const ValueId scaled = b.Add("Mul", {product, b.Add("Mul", {q[1], b.Floats({0.5f, 0.25f, 1, 2, 0.125f}, {5})})});
    b.Output(b.Add("Add", {scaled, Bias(b, 5)}));
  });
  EXPECT_THAT(graph.ops, ElementsAre("DynamicQuantizeLinear", "webinfer.IntegerMatMul"));
}

TEST(Quantize, WeightsOfFloatOperatorsBecomeFloat) {
  const Optimized graph = Optimize([](Builder& b) {
    const ValueId x = b.Input({1, 3, 5, 5});
    b.Output(Conv(b, x, 3, 4, 3));
    b.Output(Quantized(b, x));
  });
  EXPECT_EQ(graph.Count("webinfer.Conv"), 1);
  EXPECT_THAT(graph.ops, Each(Not(StartsWith("Dequantize"))));
}

}  // namespace
}  // namespace webinfer::testing
