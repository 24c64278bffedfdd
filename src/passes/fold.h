// Evaluating nodes whose inputs are constants.
#pragma once

#include "passes/infer.h"

namespace webinfer {

// Evaluates `node` on the known elements of its inputs, whatever the size.
Result<std::vector<RuntimeValue>> EvaluateConstants(const Node& node, const GraphInfo& info, StringPool& strings,
                                                    ThreadPool& pool);

// How much folding may cost: one budget for a whole model, so that no chain of expansions fills the memory.
struct FoldBudget {
  uint64_t bytes = 0;
  static FoldBudget For(const Model& model);
};

// Makes the outputs of `node` constants of the graph if that is possible and cheap enough, and says so. What fails to evaluate
// is left to fail (or to be skipped) in the run.
Result<bool> FoldNode(Graph& graph, const Node& node, Inference& inference, GraphInfo& info, StringPool& strings,
                      ThreadPool& pool, FoldBudget& budget);

}  // namespace webinfer
