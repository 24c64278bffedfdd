#include "passes/fold.h"

#include <algorithm>
#include <cstring>

#include "ops/evaluate.h"

namespace webinfer {

namespace {

constexpr uint64_t kSmallResult = uint64_t{1} << 20;  // always worth it
constexpr uint64_t kMostGrowth = 4;                   // of larger ones over their inputs: int8 weights that become float32

uint64_t ConstantBytes(const Graph& graph) {
  uint64_t bytes = 0;
  for (const Value& value : graph.values) {
    if (value.constant != nullptr) bytes += value.constant->buffer.size();
  }
  for (const auto& node : graph.nodes) {
    for (const auto& body : node->bodies) bytes += ConstantBytes(*body);
  }
  return bytes;
}

bool CanEvaluate(const Node& node, const GraphInfo& info, uint64_t* input_bytes) {
  if (node.def == nullptr || node.def->bind == nullptr || !node.def->deterministic || !node.bodies.empty()) return false;
  for (ValueId id : node.inputs) {
    if (id == kNoValue) continue;
    const ValueInfo& in = info[static_cast<size_t>(id)];
    if (in.known == nullptr || in.kind != ValueKind::kTensor || !in.shape.known()) return false;
    *input_bytes += BytesOf(in.dtype, static_cast<uint64_t>(in.shape.Elements()));
  }
  return true;
}

Result<bool> FoldSizes(Graph& graph, const Node& node, const Inference& inference, const GraphInfo& info) {
  if (node.outputs.size() != 1 || node.outputs[0] == kNoValue) return false;
  const ValueId id = node.outputs[0];
  const SizeElements& elements = inference.elements(id);
  const ValueInfo& out = info[static_cast<size_t>(id)];
  if (elements.empty() || !std::all_of(elements.begin(), elements.end(), [](const SizeElement& e) { return e.known; }))
    return false;
  WEBINFER_ASSIGN(Tensor tensor, Tensor::Create(out.dtype, out.shape));
  for (size_t i = 0; i < elements.size(); ++i) {
    if (out.dtype == DType::kInt64) tensor.As<int64_t>()[i] = elements[i].value;
    if (out.dtype == DType::kInt32) tensor.As<int32_t>()[i] = static_cast<int32_t>(elements[i].value);
    if (out.dtype == DType::kBool) tensor.As<uint8_t>()[i] = elements[i].value != 0;
  }
  graph.values[static_cast<size_t>(id)].constant = std::make_shared<Tensor>(std::move(tensor));
  return true;
}

}  // namespace

FoldBudget FoldBudget::For(const Model& model) { return {4 * ConstantBytes(model.graph) + (uint64_t{64} << 20)}; }

Result<std::vector<RuntimeValue>> EvaluateConstants(const Node& node, const GraphInfo& info, StringPool& strings,
                                                    ThreadPool& pool) {
  std::vector<Operand> operands;
  for (ValueId id : node.inputs) {
    if (id == kNoValue) {
      operands.emplace_back();
      continue;
    }
    const ValueInfo& in = info[static_cast<size_t>(id)];
    if (in.known == nullptr)
      return Error(Code::kInternal, "A node to be evaluated has an unknown input").Op("%s", node.op.c_str());
    operands.push_back(OperandOf(TensorView{in.dtype, in.shape, const_cast<void*>(in.known)}));
  }
  return EvaluateNode(node, operands, strings, pool);
}

Result<bool> FoldNode(Graph& graph, const Node& node, Inference& inference, GraphInfo& info, StringPool& strings,
                      ThreadPool& pool, FoldBudget& budget) {
  WEBINFER_ASSIGN(const bool sizes, FoldSizes(graph, node, inference, info));
  if (!sizes) {
    uint64_t input_bytes = 0, output_bytes = 0;
    if (!CanEvaluate(node, info, &input_bytes)) return false;
    for (ValueId id : node.outputs) {
      if (id == kNoValue) continue;
      const ValueInfo& out = info[static_cast<size_t>(id)];
      if (out.kind != ValueKind::kTensor) return false;
      if (out.shape.known()) output_bytes += BytesOf(out.dtype, static_cast<uint64_t>(out.shape.Elements()));
    }
    if (output_bytes > budget.bytes || output_bytes > std::max(kSmallResult, kMostGrowth * input_bytes)) return false;
    Result<std::vector<RuntimeValue>> results = EvaluateConstants(node, info, strings, pool);
    if (!results.ok()) return false;
    for (const RuntimeValue& result : *results) {
      if (result.kind != ValueKind::kTensor || !result.present) return false;
    }
    for (size_t i = 0; i < node.outputs.size() && i < results->size(); ++i) {
      if (node.outputs[i] == kNoValue) continue;
      budget.bytes -= std::min<uint64_t>(budget.bytes, (*results)[i].tensor.view().bytes());
      graph.values[static_cast<size_t>(node.outputs[i])].constant = std::make_shared<Tensor>(std::move((*results)[i].tensor));
    }
  }
  for (ValueId id : node.outputs) {
    if (id != kNoValue) inference.TakeConstant(id);
  }
  return true;
}

}  // namespace webinfer
