// Runs one node outside of a plan, or one whose shapes a plan cannot know: constant folding, shape arithmetic while a plan is
// bound, steps that depend on data, and tests of operators.
#pragma once

#include <vector>

#include "ops/op.h"

namespace webinfer {

// What inference may know of `operand`: its type, shape and elements.
ValueInfo InfoOf(const Operand& operand);
// Sequences, optionals and maps only go to the operators that are about them, and to bodies.
Status ExpectKinds(const Node& node, std::span<const ValueInfo> in);
// Every output is a tensor without elements: there is nothing to run, however large its other dimensions are.
bool AllEmpty(std::span<const ValueInfo> outputs);
// An operand over a tensor or another value.
Operand OperandOf(const TensorView& tensor);
Operand OperandOf(const RuntimeValue& value);

// Binds and runs a node whose types and shapes are inferred. `step` has its operands: outputs of known shape have memory in
// `data`, the others a `value`. `scratch` is grown as needed.
Status BindAndRun(const Node& node, std::span<const ValueInfo> in, std::span<ValueInfo> out, BindContext::Memory& memory,
                  Buffer& scratch, RunContext& run, Step& step);

// Infers, binds and runs a node on complete inputs. `step` has its operands; every present output has a `value`.
Status InferBindAndRun(const Node& node, BindContext::Memory& memory, Buffer& scratch, RunContext& run, Step& step);

// The same for callers without a plan. Results own their memory. Nodes with bodies are refused with kUnsupported.
Result<std::vector<RuntimeValue>> EvaluateNode(const Node& node, std::span<const Operand> inputs, StringPool& strings,
                                               ThreadPool& pool);

// Plain memory in blocks that are kept when it is reset: parameters of steps.
class BlockMemory final : public BindContext::Memory {
 public:
  void* Allocate(size_t bytes) override;
  void Reset();

 private:
  std::vector<Buffer> blocks_;
  size_t block_ = 0, used_ = 0;
};

}  // namespace webinfer
