// Runs one node outside of a plan: constant folding, shape arithmetic while a plan is bound, and tests of operators.
#pragma once

#include <vector>

#include "ops/op.h"

namespace webinfer {

// Infers, binds and runs `node` (its `def` is resolved and carries a kernel) on complete inputs. Results own their memory.
// Nodes with bodies are refused with kUnsupported.
Result<std::vector<RuntimeValue>> EvaluateNode(const Node& node, std::span<const Operand> inputs, StringPool& strings,
                                               ThreadPool& pool);

// What inference may know of `operand`: its type, shape and elements.
ValueInfo InfoOf(const Operand& operand);
// An operand over a tensor or another value.
Operand OperandOf(const TensorView& tensor);
Operand OperandOf(const RuntimeValue& value);

}  // namespace webinfer
