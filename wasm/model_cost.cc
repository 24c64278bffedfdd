#include "model_cost.h"

#include <algorithm>

namespace webinfer {
namespace {

double KnownElements(const Shape& shape) {
  double elements = 1;
  for (int64_t dim : shape) elements *= static_cast<double>(std::max<int64_t>(dim, 1));
  return elements;
}

// A contraction uses each element of its weights once per output element of one channel. Which dimension counts the channels
// depends on the operator; taking the larger of the first and the last keeps the estimate a lower bound.
double NodeOperations(const Graph& graph, const Node& node) {
  double weights = 0, largest = 1;
  for (ValueId id : node.inputs) {
    if (const Tensor* constant = graph.Constant(id); constant != nullptr && constant->shape.rank() >= 2) {
      const Shape& shape = constant->shape;
      const int64_t channels = std::max<int64_t>({1, shape[0], shape[shape.rank() - 1]});
      weights = std::max(weights, KnownElements(shape) / static_cast<double>(channels));
    }
  }
  for (ValueId id : node.outputs) {
    if (id != kNoValue) largest = std::max(largest, KnownElements(graph.values[id].type.shape));
  }
  return weights * largest + largest;
}

}  // namespace

double EstimateOperations(const Graph& graph) {
  double total = 0;
  for (const auto& node : graph.nodes) {
    total += NodeOperations(graph, *node);
    for (const auto& body : node->bodies) total += EstimateOperations(*body);
  }
  return total;
}

}  // namespace webinfer
