// Inference over a graph, node by node, which Import does while it rewrites.
//
// Beyond what operators infer, it follows the arithmetic on sizes that exporters write (Shape, Gather, Concat, Mul, ... into
// Reshape, Expand) with sizes that are symbols, so that shapes stay as known as they can be.
#pragma once

#include <vector>

#include "passes/pass.h"

namespace webinfer {

// One element of a small integer tensor: a number, or (value < 0 and !known) a size that will be known, or kUnknownDim.
struct SizeElement {
  bool known = false;
  int64_t value = kUnknownDim;
  bool operator==(const SizeElement&) const = default;
};
using SizeElements = std::vector<SizeElement>;  // empty: nothing is known

class Inference {
 public:
  Inference(Graph& graph, SymbolTable& symbols, GraphInfo& info);

  // Makes room for values added to the graph since, reading constants and graph inputs.
  void Update();
  // Value `id` has just become a constant.
  void TakeConstant(ValueId id);
  // Infers the outputs of `node`, whose inputs have been seen.
  Status Infer(const Node& node);
  // Infos of the node's inputs and outputs; outputs unset. Valid until the next call.
  std::span<ValueInfo> Inputs(const Node& node);
  std::span<ValueInfo> Outputs(const Node& node);
  const SizeElements& elements(ValueId id) const { return elements_[static_cast<size_t>(id)]; }

 private:
  void ReadElements(ValueId id);
  void FollowElements(const Node& node);
  void RefineShape(const Node& node);
  void RefineWindow(const Node& node);
  void Name(ValueId id);

  Graph& graph_;
  SymbolTable& symbols_;
  GraphInfo& info_;
  std::vector<SizeElements> elements_;
  std::vector<ValueInfo> in_, out_;
};

}  // namespace webinfer
