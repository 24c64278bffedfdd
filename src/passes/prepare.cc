#include "passes/prepare.h"

#include "passes/infer.h"

namespace webinfer {

namespace {

Status PrepareGraph(Graph& graph, SymbolTable& symbols, uint64_t* spare_bytes) {
  GraphInfo info;
  Inference inference(graph, symbols, info);
  std::vector<int> readers(graph.values.size(), 0);
  for (const auto& node : graph.nodes) {
    for (ValueId id : node->inputs) readers[static_cast<size_t>(id == kNoValue ? 0 : id)] += id != kNoValue;
  }
  for (ValueId id : graph.outputs) ++readers[static_cast<size_t>(id)];
  for (ValueId id : graph.inputs) ++readers[static_cast<size_t>(id)];
  for (const auto& node : graph.nodes) {
    WEBINFER_TRY(inference.Infer(*node));
    for (const auto& body : node->bodies) WEBINFER_TRY(PrepareGraph(*body, symbols, spare_bytes));
    if (node->def == nullptr || node->def->prepare == nullptr) continue;
    PrepareContext context(graph, *node, inference.Inputs(*node), inference.Outputs(*node), *spare_bytes);
    WEBINFER_TRY(AtNode(*node, node->def->prepare(context)));
    *spare_bytes = context.spare_bytes();
    for (size_t i = 0; i < node->inputs.size() && i < 64; ++i) {
      if ((context.dropped() >> i & 1) == 0 || node->inputs[i] == kNoValue) continue;
      const ValueId id = node->inputs[i];
      if (--readers[static_cast<size_t>(id)] > 0) continue;
      graph.values[static_cast<size_t>(id)].constant.reset();
      info[static_cast<size_t>(id)].known = nullptr;
    }
  }
  return OkStatus();
}

}  // namespace

Status PrepareWeights(Model& model, uint64_t spare_bytes) {
  SymbolTable symbols;
  return PrepareGraph(model.graph, symbols, &spare_bytes);
}

}  // namespace webinfer
