// Operators that are only themselves once import has looked at their types and shapes.
#include "runtime/one_node.h"

#include <cmath>

namespace webinfer::testing {
namespace {

using namespace test;  // NOLINT
using ::testing::ElementsAre;

Tensor Strings(StringPool& pool, const Shape& shape, std::initializer_list<std::string_view> texts) {
  Result<Tensor> tensor = Tensor::Create(DType::kString, shape);
  EXPECT_TRUE(tensor.ok());
  const StringData** to = tensor->As<const StringData*>();
  for (std::string_view text : texts) *to++ = *pool.Add(text);
  return std::move(*tensor);
}

// `parts` as they lie in memory.
template <typename T>
Tensor Bits(DType dtype, const Shape& shape, std::initializer_list<T> parts) {
  Result<Tensor> tensor = Tensor::Create(dtype, shape);
  EXPECT_TRUE(tensor.ok());
  EXPECT_EQ(tensor->view().bytes(), parts.size() * sizeof(T));
  std::copy(parts.begin(), parts.end(), tensor->template As<T>());
  return std::move(*tensor);
}

TEST(OneNode, WhereMovesStringsAndComplexNumbers) {
  StringPool pool;
  OneNode strings(16, "Where");
  strings.In<bool>({2, 1}, {true, false}).In(Strings(pool, {3}, {"a", "b", "c"})).In(Strings(pool, {1}, {"-"})).Run();
  EXPECT_THAT(strings.OutShape(), ElementsAre(2, 3));
  EXPECT_THAT(strings.OutStrings(), ElementsAre("a", "b", "c", "-", "-", "-"));
  OneNode complex(16, "Where");
  complex.In<bool>({2}, {false, true})
      .In(Bits<float>(DType::kComplex64, {2}, {1, 2, 3, 4}))
      .In(Bits<float>(DType::kComplex64, {}, {5, 6}));
  complex.Run();
  const Tensor want = Bits<float>(DType::kComplex64, {2}, {5, 6, 3, 4});
  EXPECT_EQ(complex.OutBytes(), std::vector<uint8_t>(want.As<uint8_t>(), want.As<uint8_t>() + 16));
}

TEST(OneNode, NonZeroOfStringsAndComplexNumbers) {
  StringPool pool;
  OneNode strings(13, "NonZero");
  strings.In(Strings(pool, {2, 2}, {"", "x", "y", ""})).Run();
  EXPECT_THAT(strings.Out<int64_t>(), ElementsAre(0, 1, 1, 0));
  OneNode complex(13, "NonZero");
  complex.In(Bits<double>(DType::kComplex128, {3}, {0, 0, 0, 2, -0.0, 0})).Run();
  EXPECT_THAT(complex.Out<int64_t>(), ElementsAre(1));
}

TEST(OneNode, PadAndScatterOfPackedNumbers) {
  OneNode pad(25, "Pad");  // 4 bits each: 1, -2, 3
  pad.In(Bits<uint8_t>(DType::kInt4, {3}, {0xE1, 0x03}))
      .In<int64_t>({2}, {1, 1})
      .In(Bits<uint8_t>(DType::kInt4, {}, {0x0F}))
      .Run();
  EXPECT_THAT(pad.OutShape(), ElementsAre(5));
  EXPECT_THAT(pad.OutBytes(), ElementsAre(0x1F, 0x3E, 0x0F));
  OneNode scatter(24, "TensorScatter");
  scatter.In(Bits<uint8_t>(DType::kUint4, {1, 3, 1}, {0x21, 0x03})).In(Bits<uint8_t>(DType::kUint4, {1, 1, 1}, {0x09}));
  scatter.In<int64_t>({1}, {1}).Run();
  EXPECT_THAT(scatter.OutBytes(), ElementsAre(0x91, 0x03));
}

TEST(OneNode, NormalizationWithAScaleThatBroadcasts) {
  OneNode layer(17, "LayerNormalization");
  layer.In<float>({2, 2, 2}, {1, 3, 5, 7, 0, 2, 4, 6}).In<float>({1, 2}, {1, 10}).In<float>({2, 1}, {0, 100});
  layer.With(IntAttribute("axis", 1)).With(FloatAttribute("epsilon", 0)).Run();
  const float a = static_cast<float>(3 / std::sqrt(5.0)), b = static_cast<float>(1 / std::sqrt(5.0));
  EXPECT_THAT(layer.Out(), Near({-a, -10 * b, 100 + b, 100 + 10 * a, -a, -10 * b, 100 + b, 100 + 10 * a}));
  OneNode scalar(23, "RMSNormalization");
  scalar.In<float>({1, 2}, {3, 4}).In<float>({1}, {2}).With(FloatAttribute("epsilon", 0)).Run();
  const auto root = static_cast<float>(std::sqrt(12.5));
  EXPECT_THAT(scalar.Out(), Near({6 / root, 8 / root}));
}

// Two query heads share one key; the scores get a value of the graph around, the probabilities are halved.
TEST(OneNode, FlexAttentionRunsGraphsThatCapture) {
  const auto body = [](const char* op, const char* other) {
    GraphParts parts;
    parts.inputs = {test::ValueInfo("in", DType::kFloat32, {"b", "h", "l", "s"})};
    parts.nodes = {NodeProto(op, {"in", other}, {"out"})};
    parts.outputs = {test::ValueInfo("out", DType::kFloat32, {"b", "h", "l", "s"})};
    return GraphProto(parts);
  };
  OneNode node(26, "FlexAttention", "ai.onnx.preview");
  node.In<float>({1, 2, 1, 1}, {1, 2}).In<float>({1, 1, 2, 1}, {0.5f, -1}).In<float>({1, 1, 2, 1}, {3, 5});
  node.Beside(MakeTensor<float>({2, 1, 2}, {0.25f, 0, -1, 1})).Beside(MakeTensor<float>({}, {0.5f}));
  node.With(GraphAttribute("score_mod", body("Add", "x3"))).With(GraphAttribute("prob_mod", body("Mul", "x4"))).Run();
  std::vector<float> want;
  for (const auto& [q, first, second] : {std::tuple{1.0, 0.25, 0.0}, {2.0, -1.0, 1.0}}) {
    const double a = std::exp(q * 0.5 + first), b = std::exp(-q + second);
    want.push_back(static_cast<float>(0.5 * (3 * a + 5 * b) / (a + b)));
  }
  EXPECT_THAT(node.OutShape(), ElementsAre(1, 2, 1, 1));
  EXPECT_THAT(node.Out(), Near(want));
}

TEST(OneNode, AttributesOfKindsThatNoOperatorTakesAreReadPast) {
  constexpr int64_t kTensors = 9, kGraphs = 10, kTypeProtos = 14;
  OneNode relu(21, "Relu");
  relu.In<float>({2}, {-1, 2});
  const auto attribute = [](const char* name, int64_t type) {
    return Proto().Bytes(onnx::attribute_field::kName, name).Int(onnx::attribute_field::kType, type);
  };
  relu.With(attribute("a", kTensors).Message(onnx::attribute_field::kTensors, FloatTensor("", {1}, {1})));
  relu.With(attribute("b", kGraphs).Message(onnx::attribute_field::kGraphs, GraphProto(GraphParts())));
  relu.With(attribute("c", kTypeProtos)).Run();
  EXPECT_THAT(relu.Out(), ElementsAre(0, 2));
}

}  // namespace
}  // namespace webinfer::testing
