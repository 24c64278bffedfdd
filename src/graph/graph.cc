#include "graph/graph.h"

#include <algorithm>

namespace webinfer {

ValueId Graph::AddValue(std::string value_name, ValueType type) {
  values.push_back({std::move(value_name), type, {}, nullptr});
  return static_cast<ValueId>(values.size()) - 1;
}

ValueId Graph::AddConstant(std::string value_name, std::shared_ptr<const Tensor> tensor) {
  const ValueId id = AddValue(std::move(value_name), {ValueKind::kTensor, tensor->dtype, tensor->shape});
  values[id].constant = std::move(tensor);
  return id;
}

Node* Graph::AddNode(std::string_view op, std::vector<ValueId> node_inputs, std::vector<ValueId> node_outputs) {
  auto node = std::make_unique<Node>();
  node->op = op;
  node->inputs = std::move(node_inputs);
  node->outputs = std::move(node_outputs);
  nodes.push_back(std::move(node));
  return nodes.back().get();
}

int64_t Model::OpsetOf(std::string_view domain) const {
  for (const auto& [name, version] : opsets) {
    if (name == domain || (domain.empty() && name == "ai.onnx")) return version;
  }
  return 0;
}

void ReplaceUses(Graph& graph, ValueId from, ValueId to) {
  for (const auto& node : graph.nodes) {
    if (node != nullptr) std::replace(node->inputs.begin(), node->inputs.end(), from, to);
  }
  std::replace(graph.outputs.begin(), graph.outputs.end(), from, to);
}

void RemoveDead(Graph& graph) {
  std::vector<bool> live(graph.values.size(), false);
  for (ValueId id : graph.outputs) live[id] = true;
  for (size_t i = graph.nodes.size(); i-- > 0;) {
    std::unique_ptr<Node>& node = graph.nodes[i];
    if (node == nullptr) continue;
    const bool used =
        std::any_of(node->outputs.begin(), node->outputs.end(), [&](ValueId id) { return id != kNoValue && live[id]; });
    if (!used) {
      node.reset();
      continue;
    }
    for (ValueId id : node->inputs) {
      if (id != kNoValue) live[id] = true;
    }
  }
  std::erase(graph.nodes, nullptr);
  for (ValueId id : graph.inputs) live[id] = true;
  for (size_t id = 0; id < graph.values.size(); ++id) {
    if (!live[id]) graph.values[id].constant.reset();
  }
}

}  // namespace webinfer
