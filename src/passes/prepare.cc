#include "passes/prepare.h"

#include <cstring>
#include <utility>

#include "passes/infer.h"

namespace webinfer {

namespace {

constexpr size_t kLeastMoved = 4096;

// Moves packed weights into the memory of the constant that they were made of, which nobody reads any more. Memory that is freed
// in the middle of a heap that cannot shrink would be lost to a large model; this way one weight is there twice at a time.
void PackInPlace(Node& node, std::shared_ptr<const Tensor> constant) {
  if (constant == nullptr || constant.use_count() != 1) return;
  Buffer& memory = const_cast<Tensor&>(*constant).buffer;
  for (std::shared_ptr<const Buffer>& packed : node.prepared) {
    if (packed == nullptr || packed.use_count() != 1) continue;
    const size_t size = packed->size();
    if (size < kLeastMoved || size > memory.size() || size < memory.size() / 8 * 7) continue;
    std::memcpy(memory.data(), packed->data(), size);
    packed = std::make_shared<Buffer>(std::move(memory));
    return;
  }
}

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
      info[static_cast<size_t>(id)].known = nullptr;
      PackInPlace(*node, std::move(graph.values[static_cast<size_t>(id)].constant));
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
