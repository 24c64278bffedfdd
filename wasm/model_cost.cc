#include "model_cost.h"

#include <algorithm>
#include <vector>

namespace webinfer {
namespace {

double KnownElements(const Shape& shape) {
  double elements = 1;
  for (int64_t dim : shape) elements *= static_cast<double>(std::max<int64_t>(dim, 1));
  return elements;
}

// Values that neither a node nor the caller makes. Their elements may have been given up for a packed form; the shapes stay.
std::vector<bool> Weights(const Graph& graph) {
  std::vector<bool> weight(graph.values.size(), true);
  const auto made = [&](ValueId id) {
    if (id != kNoValue) weight[static_cast<size_t>(id)] = false;
  };
  for (ValueId id : graph.inputs) made(id);
  for (const auto& node : graph.nodes) {
    for (ValueId id : node->outputs) made(id);
  }
  return weight;
}

// A contraction uses each element of its weights once per output element of one channel. Which dimension counts the channels
// depends on the operator; taking the larger of the first and the last keeps the estimate a lower bound.
double NodeOperations(const Graph& graph, const Node& node, const std::vector<bool>& is_weight) {
  double weights = 0, largest = 1;
  for (ValueId id : node.inputs) {
    if (id == kNoValue || !is_weight[static_cast<size_t>(id)]) continue;
    const Shape& shape = graph.values[static_cast<size_t>(id)].type.shape;
    if (shape.rank() < 2) continue;
    const int64_t channels = std::max<int64_t>({1, shape[0], shape[shape.rank() - 1]});
    weights = std::max(weights, KnownElements(shape) / static_cast<double>(channels));
  }
  for (ValueId id : node.outputs) {
    if (id != kNoValue) largest = std::max(largest, KnownElements(graph.values[static_cast<size_t>(id)].type.shape));
  }
  return weights * largest + largest;
}

}  // namespace

double EstimateOperations(const Graph& graph) {
  const std::vector<bool> is_weight = Weights(graph);
  double total = 0;
  for (const auto& node : graph.nodes) {
    total += NodeOperations(graph, *node, is_weight);
    for (const auto& body : node->bodies) total += EstimateOperations(*body);
  }
  return total;
}

}  // namespace webinfer
