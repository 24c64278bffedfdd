#include "passes/form_quantized.h"

#include <cmath>

namespace webinfer {

namespace {

bool IsByte(const Tensor* tensor) {
  return tensor != nullptr && (tensor->dtype == DType::kUint8 || tensor->dtype == DType::kInt8);
}

bool IsScalar(const Tensor* tensor) { return tensor != nullptr && tensor->shape.rank() <= 1 && tensor->shape.Elements() == 1; }

bool IsFloat32(const Tensor* tensor) { return tensor != nullptr && tensor->dtype == DType::kFloat32; }

// A DequantizeLinear or QuantizeLinear with constant scale and zero point.
struct Quantizer {
  ValueId data = kNoValue, scale = kNoValue, zero_point = kNoValue;
};
bool ReadQuantizer(const Graph& graph, const Node* node, std::string_view op, Quantizer* out) {
  if (node == nullptr || !node->Is(op) || !node->HasInput(1) || node->attributes.Int("block_size", 0) != 0) return false;
  *out = {node->inputs[0], node->inputs[1], node->HasInput(2) ? node->inputs[2] : kNoValue};
  return IsFloat32(graph.Constant(out->scale)) && (out->zero_point == kNoValue || graph.Constant(out->zero_point) != nullptr);
}

bool IsPerTensor(const Graph& graph, const Quantizer& q) {
  return IsScalar(graph.Constant(q.scale)) && IsByte(graph.Constant(q.zero_point)) && IsScalar(graph.Constant(q.zero_point));
}

// Weights [filters, ...], quantised as a whole or filter by filter.
bool AreWeights(const Graph& graph, const Node& node, const Quantizer& w) {
  const Tensor* data = graph.Constant(w.data);
  if (!IsByte(data) || data->shape.rank() < 3 || !IsByte(graph.Constant(w.zero_point))) return false;
  const Tensor &scale = *graph.Constant(w.scale), &zero_point = *graph.Constant(w.zero_point);
  if (zero_point.dtype != data->dtype || !(zero_point.shape == scale.shape)) return false;
  if (IsScalar(&scale)) return true;
  return scale.shape.rank() == 1 && scale.shape[0] == data->shape[0] && node.attributes.Int("axis", 1) == 0;
}

// The bias is in units of input scale times weight scale, which is what QLinearConv takes.
bool IsBias(const Graph& graph, const Quantizer& bias, const Quantizer& x, const Quantizer& w) {
  const Tensor* data = graph.Constant(bias.data);
  if (data == nullptr || data->dtype != DType::kInt32 || data->shape.rank() != 1) return false;
  if (const Tensor* zero = graph.Constant(bias.zero_point); zero != nullptr) {
    if (zero->dtype != DType::kInt32) return false;
    for (int64_t i = 0; i < zero->shape.Elements(); ++i) {
      if (zero->As<int32_t>()[i] != 0) return false;
    }
  }
  const Tensor &scale = *graph.Constant(bias.scale), &weights = *graph.Constant(w.scale);
  const int64_t count = scale.shape.Elements(), filters = weights.shape.Elements();
  if (count != filters && count != 1) return false;
  for (int64_t i = 0; i < filters; ++i) {
    const float expected = graph.Constant(x.scale)->As<float>()[0] * weights.As<float>()[i];
    if (!(std::abs(scale.As<float>()[count == 1 ? 0 : i] - expected) <= 1e-5f * std::abs(expected))) return false;
  }
  return true;
}

void FormConvolution(const Graph& graph, const GraphIndex& index, Node& node) {
  Quantizer y, x, w, bias;
  if (!ReadQuantizer(graph, &node, "QuantizeLinear", &y) || !IsPerTensor(graph, y)) return;
  const Node* conv = index.producer[static_cast<size_t>(y.data)];
  if (conv == nullptr || !conv->Is("Conv") || index.OnlyConsumer(y.data) == nullptr) return;
  const auto maker = [&](size_t i) { return conv->HasInput(i) ? index.producer[static_cast<size_t>(conv->inputs[i])] : nullptr; };
  if (!ReadQuantizer(graph, maker(0), "DequantizeLinear", &x) || !IsPerTensor(graph, x)) return;
  if (!ReadQuantizer(graph, maker(1), "DequantizeLinear", &w) || !AreWeights(graph, *maker(1), w)) return;
  std::vector<ValueId> inputs = {x.data, x.scale, x.zero_point, w.data, w.scale, w.zero_point, y.scale, y.zero_point};
  if (conv->HasInput(2)) {
    if (!ReadQuantizer(graph, maker(2), "DequantizeLinear", &bias) || !IsBias(graph, bias, x, w)) return;
    inputs.push_back(bias.data);
  }
  node.op = "QLinearConv";
  node.inputs = std::move(inputs);
  node.attributes = conv->attributes;
}

}  // namespace

void FormQuantized(Graph& graph) {
  const GraphIndex index(graph);
  for (const auto& node : graph.nodes) {
    if (node->Is("QuantizeLinear")) FormConvolution(graph, index, *node);
  }
}

}  // namespace webinfer
