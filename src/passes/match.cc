#include "passes/match.h"

#include <cmath>

#include "base/float16.h"

namespace webinfer {

namespace {

constexpr int64_t kMostCompared = 4096;

std::optional<double> ElementOf(const Tensor& tensor, int64_t i) {
  switch (tensor.dtype) {
    case DType::kFloat32: return tensor.As<float>()[i];
    case DType::kFloat64: return tensor.As<double>()[i];
    case DType::kFloat16: return HalfToFloat(tensor.As<uint16_t>()[i]);
    case DType::kBfloat16: return BfloatToFloat(tensor.As<uint16_t>()[i]);
    case DType::kInt64: return static_cast<double>(tensor.As<int64_t>()[i]);
    case DType::kInt32: return tensor.As<int32_t>()[i];
    case DType::kUint8: return tensor.As<uint8_t>()[i];
    case DType::kInt8: return tensor.As<int8_t>()[i];
    default: return std::nullopt;
  }
}

}  // namespace

std::optional<double> ScalarOf(const Tensor* tensor) {
  if (tensor == nullptr || tensor->shape.Elements() != 1) return std::nullopt;
  return ElementOf(*tensor, 0);
}

std::optional<double> ScalarOf(const Editor& editor, ValueId id) { return ScalarOf(editor.Constant(id)); }

std::optional<double> UniformOf(const Editor& editor, ValueId id) {
  const Tensor* tensor = editor.Constant(id);
  if (tensor == nullptr || !IsFloat(tensor->dtype)) return std::nullopt;
  const int64_t count = tensor->shape.Elements();
  if (count == 0 || count > kMostCompared) return std::nullopt;
  const std::optional<double> first = ElementOf(*tensor, 0);
  for (int64_t i = 1; i < count; ++i) {
    if (ElementOf(*tensor, i) != first) return std::nullopt;
  }
  return first;
}

bool IsNear(std::optional<double> value, double wanted) { return value && std::abs(*value - wanted) <= std::abs(wanted) * 1e-5; }

bool SameShape(const Shape& a, const Shape& b) {
  if (!a.rank_known() || a.rank() != b.rank()) return false;
  for (int i = 0; i < a.rank(); ++i) {
    if (a[i] != b[i] || a[i] == kUnknownDim) return false;
  }
  return true;
}

ValueId OtherInput(const Node& node, ValueId id) { return node.inputs[0] == id ? node.inputs[1] : node.inputs[0]; }

std::optional<WithConstant> SplitConstant(const Editor& editor, const Node& node) {
  if (node.inputs.size() != 2 || !node.HasInput(0) || !node.HasInput(1)) return std::nullopt;
  if (editor.Constant(node.inputs[1]) != nullptr) return WithConstant{node.inputs[0], node.inputs[1]};
  const bool commutative = node.Is("Add") || node.Is("Mul") || node.Is("Max") || node.Is("Min");
  if (commutative && editor.Constant(node.inputs[0]) != nullptr) return WithConstant{node.inputs[1], node.inputs[0]};
  return std::nullopt;
}

}  // namespace webinfer
