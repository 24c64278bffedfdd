#include "passes/graph_test.h"

namespace webinfer::testing {
namespace {

using ::testing::ElementsAre;

ValueId Zero(Builder& b, DType dtype, const Shape& shape, int value) {
  Result<Tensor> tensor = Tensor::Create(dtype, shape);
  for (int64_t i = 0; i < shape.Elements(); ++i) {
    if (dtype == DType::kInt32) tensor->As<int32_t>()[i] = value;
    if (dtype != DType::kInt32) tensor->As<uint8_t>()[i] = static_cast<uint8_t>(value + (value != 0 ? 37 * i : 0));
  }
  return b.graph().AddConstant("", std::make_shared<Tensor>(std::move(*tensor)));
}

// A quantised convolution of 2 to 3 channels; `bias_scale` should be 0.05 times the scales of the weights.
void AddConvolution(Builder& b, const std::vector<float>& bias_scale) {
  const ValueId x_scale = b.Scalar(0.05f), x_zero = Zero(b, DType::kUint8, {}, 120);
  const ValueId x = b.Add("QuantizeLinear", {b.Input({1, 2, 6, 6}), x_scale, x_zero});
  const ValueId w = b.Add("DequantizeLinear", {Zero(b, DType::kInt8, {3, 2, 3, 3}, 5), b.Floats({0.01f, 0.02f, 0.015f}, {3}),
                                               Zero(b, DType::kInt8, {3}, 0)});
  b.Last().SetInt("axis", 0);
  const ValueId bias = b.Add("DequantizeLinear", {Zero(b, DType::kInt32, {3}, 300), b.Floats(bias_scale, {3})});
  b.Last().SetInt("axis", 0);
  const ValueId conv = b.Add("Conv", {b.Add("DequantizeLinear", {x, x_scale, x_zero}), w, bias});
  const ValueId y_scale = b.Scalar(0.1f), y_zero = Zero(b, DType::kUint8, {}, 128);
  b.Output(b.Add("DequantizeLinear", {b.Add("QuantizeLinear", {conv, y_scale, y_zero}), y_scale, y_zero}));
}

TEST(FormQuantized, AConvolutionBetweenQuantizers) {
  // One step of the output, 0.1, may lie between the two ways to round.
  const auto build = [](Builder& b) { AddConvolution(b, {0.0005f, 0.001f, 0.00075f}); };
  const Optimized graph = Optimize(build, 3, 0.02);
  EXPECT_EQ(graph.Count("webinfer.IntegerConv"), 1);
  EXPECT_EQ(graph.Count("webinfer.Conv"), 0);
}

TEST(FormQuantized, ABiasInOtherUnitsKeepsItInFloat32) {
  const Optimized graph = Optimize([](Builder& b) { AddConvolution(b, {0.0005f, 0.001f, 0.0008f}); });
  EXPECT_EQ(graph.Count("webinfer.Conv"), 1);
}

}  // namespace
}  // namespace webinfer::testing
