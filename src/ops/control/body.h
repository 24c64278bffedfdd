// What the control-flow operators share: their bodies' declared results, values carried from one iteration to the next, and
// results that grow by one slice per iteration.
#pragma once

#include <vector>

#include "ops/op.h"

namespace webinfer::ops {

// The node's inputs before the captured ones.
inline int FormalInputs(const Node& node) {
  return node.formal_inputs < 0 ? static_cast<int>(node.inputs.size()) : node.formal_inputs;
}

// The body that attribute `name` holds.
Result<int> BodyOf(const Node& node, std::string_view name);
// What is known of output `i` of a body before it runs.
const ValueType& BodyOutput(const Node& node, int body, int i);
// An error unless the body has these numbers of inputs (without captured ones) and at least these outputs.
Status ExpectBody(const Node& node, int body, int formal_inputs, int outputs);

// Sets any kind of output.
void SetOutputType(InferContext& ctx, int i, const ValueType& type);

// Puts `from` into output `out` of the running step, whatever kind of value it is.
Status CopyOut(RunContext& run, Operand& out, const Operand& from);

// A value of its own, kept while a body runs again.
class CarriedValue {
 public:
  // Keeps `from` as it is: it must outlive the loop.
  void Borrow(const Operand& from) { operand_ = from; }
  // Takes a result of a body; moved where the body owns it alone (`may_move`), copied otherwise.
  Status Take(const Operand& from, bool may_move);
  const Operand& operand() const { return operand_; }

 private:
  RuntimeValue values_[2];  // the value in use may be what the next one is copied from
  int current_ = 0;
  Operand operand_;
};

// Whether output `i` of a body is a value no other output and no input refers to.
bool OwnedByBody(std::span<const Operand> inputs, std::span<const Operand> outputs, size_t i);

// Slices of equal shape, one behind the other.
class StackedSlices {
 public:
  Status Append(const Operand& slice);
  int64_t count() const { return count_; }
  // The stack as output `out`, the new dimension being `axis` of the result (negative: from the end); `reverse` puts the
  // last slice first. Without any slice the shape comes from `declared`.
  Status Finish(RunContext& run, Operand& out, int64_t axis, bool reverse, const ValueType& declared) const;

 private:
  Array<uint8_t> bytes_;
  DType dtype_ = DType::kUndefined;
  Shape shape_;
  int64_t count_ = 0;
};

}  // namespace webinfer::ops
