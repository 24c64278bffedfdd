#include "passes/control.h"

#include <algorithm>

namespace webinfer {

namespace {

size_t FormalInputs(const Node& node) {
  return node.formal_inputs < 0 ? node.inputs.size() : static_cast<size_t>(node.formal_inputs);
}

ValueType TypeOf(const ValueInfo& info) {
  ValueType type{info.kind, info.dtype, info.shape};
  for (int i = 0; i < type.shape.rank(); ++i) type.shape[i] = std::max(type.shape[i], kUnknownDim);
  return type;
}

// The type of a value that may take another shape in each iteration.
ValueType Carried(const ValueInfo& info, const ValueType& declared) { return {info.kind, info.dtype, declared.shape}; }

ValueType ScanSlice(const Node& node, const ValueInfo& info, int scan_input) {
  ValueType type = TypeOf(info);
  const std::span<const int64_t> axes = node.attributes.Ints("scan_input_axes");
  if (!type.shape.rank_known() || type.shape.rank() == 0) return type;
  const int64_t axis = static_cast<size_t>(scan_input) < axes.size() ? axes[static_cast<size_t>(scan_input)] : 0;
  const Result<int> normal = NormalizeAxis(axis, type.shape.rank());
  if (!normal.ok()) return type;
  type.shape.Erase(*normal);
  return type;
}

// The bodies of com.microsoft's search operators have inputs that are not the node's: they keep the types they declare.
ValueType FormalType(const Node& node, std::span<const ValueInfo> in, size_t formal, const ValueType& declared) {
  if (node.Is("Loop")) {
    if (formal == 0) return {ValueKind::kTensor, DType::kInt64, Shape()};
    if (formal == 1) return {ValueKind::kTensor, DType::kBool, Shape()};
  }
  if (!node.domain.empty() || formal >= in.size() || !in[formal].present) return declared;
  if (node.Is("Loop")) return Carried(in[formal], declared);
  if (node.Is("Scan")) {
    const int states = static_cast<int>(FormalInputs(node)) - static_cast<int>(node.attributes.Int("num_scan_inputs", 0));
    const int scan_input = static_cast<int>(formal) - states;
    return scan_input < 0 ? TypeOf(in[formal]) : ScanSlice(node, in[formal], scan_input);
  }
  if (in[formal].kind == ValueKind::kSequence) return {ValueKind::kTensor, in[formal].dtype, declared.shape};
  return TypeOf(in[formal]);
}

}  // namespace

void SinkConstants(Graph& graph, Node& node) {
  for (size_t i = node.inputs.size(); i-- > FormalInputs(node);) {
    const ValueId id = node.inputs[i];
    if (graph.Constant(id) == nullptr) continue;
    const size_t from_end = node.inputs.size() - i;
    for (auto& body : node.bodies) {
      const auto at = body->inputs.end() - static_cast<ptrdiff_t>(from_end);
      Value& value = body->values[static_cast<size_t>(*at)];
      value.constant = graph.values[static_cast<size_t>(id)].constant;
      value.type = graph.values[static_cast<size_t>(id)].type;
      body->inputs.erase(at);
    }
    node.inputs.erase(node.inputs.begin() + static_cast<ptrdiff_t>(i));
  }
}

void TypeBodyInputs(Node& node, std::span<const ValueInfo> in) {
  const size_t captured = node.inputs.size() - FormalInputs(node);
  for (auto& body : node.bodies) {
    const size_t formals = body->inputs.size() - captured;
    for (size_t i = 0; i < body->inputs.size(); ++i) {
      ValueType& type = body->values[static_cast<size_t>(body->inputs[i])].type;
      type = i < formals ? FormalType(node, in, i, type) : TypeOf(in[FormalInputs(node) + i - formals]);
    }
  }
}

std::vector<std::unique_ptr<Node>> InlineBody(Graph& graph, Node& node, int body_index, std::span<const ValueId> inputs) {
  Graph& body = *node.bodies[static_cast<size_t>(body_index)];
  std::vector<ValueId> renamed(body.values.size(), kNoValue);
  for (size_t i = 0; i < body.inputs.size(); ++i) renamed[static_cast<size_t>(body.inputs[i])] = inputs[i];
  std::vector<bool> made(body.values.size(), false);
  for (const auto& inner : body.nodes) {
    for (ValueId id : inner->outputs) {
      if (id != kNoValue) made[static_cast<size_t>(id)] = true;
    }
  }
  std::vector<std::unique_ptr<Node>> nodes = std::move(body.nodes);
  for (size_t i = 0; i < body.outputs.size(); ++i) {
    ValueId& name = renamed[static_cast<size_t>(body.outputs[i])];
    if (i >= node.outputs.size() || node.outputs[i] == kNoValue) continue;
    if (made[static_cast<size_t>(body.outputs[i])] && name == kNoValue) {
      name = node.outputs[i];
      continue;
    }
    auto identity = std::make_unique<Node>();  // an input, a constant, or an output that is there twice
    identity->name = node.name;
    identity->op = "Identity";
    identity->inputs = {body.outputs[i]};
    identity->outputs = {static_cast<ValueId>(renamed.size())};
    renamed.push_back(node.outputs[i]);
    nodes.push_back(std::move(identity));
  }
  for (size_t id = 0; id < body.values.size(); ++id) {
    if (renamed[id] != kNoValue) continue;
    renamed[id] = static_cast<ValueId>(graph.values.size());
    graph.values.push_back(std::move(body.values[id]));
  }
  for (auto& inner : nodes) {
    for (ValueId& id : inner->inputs) id = id == kNoValue ? kNoValue : renamed[static_cast<size_t>(id)];
    for (ValueId& id : inner->outputs) id = id == kNoValue ? kNoValue : renamed[static_cast<size_t>(id)];
  }
  return nodes;
}

}  // namespace webinfer
