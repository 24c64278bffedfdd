// Puts ONNX's operators in place of internal ones (domain "webinfer"), so that any graph can be saved and runs elsewhere.
//
// The rule: what an internal operator fuses becomes the operators it was made of, channels-last images become channels-first
// ones, integer contractions become DequantizeLinear, the operator, QuantizeLinear. Results agree up to the rounding of sums.
#pragma once

#include <span>
#include <unordered_map>

#include "graph/graph.h"
#include "ops/op.h"

namespace webinfer {

// For graphs as readers leave them, and as Optimize leaves them with `prepare` off.
Status Standardize(Model& model);

namespace standardize {

// A node on its way: what LowerContext offers, and images in both layouts.
class Context : public LowerContext {
 public:
  // [N, spatial..., C] value -> the [N, C, spatial...] one that it is a transpose of.
  using Images = std::unordered_map<ValueId, ValueId>;

  Context(Graph& graph, Node& node, std::span<const ValueInfo> in, std::span<ValueInfo> out, Images& images)
      : LowerContext(graph, node, in, out), images_(images) {}

  ValueId InputOrNone(int i) const { return HasInput(i) ? Input(i) : kNoValue; }
  // Adds a node with the replaced node's attributes, without those of epilogues.
  ValueId AddLike(std::string_view op, std::vector<ValueId> inputs);
  ValueId AddWith(std::string_view op, std::vector<ValueId> inputs, std::string_view attribute, int64_t value);
  ValueId Cast(ValueId value, DType to) { return AddWith("Cast", {value}, "to", static_cast<int64_t>(to)); }
  ValueId Transpose(ValueId value, std::vector<int64_t> permutation);
  // Swaps the last two axes of a value of `rank`.
  ValueId TransposeMatrix(ValueId value, int rank);
  Result<ValueId> Reshape(ValueId value, std::initializer_list<int64_t> sizes);
  // Input i, an image, channels first; and output 0 from an image that is.
  ValueId ChannelsFirst(int i);
  void ReturnChannelsLast(ValueId image, int rank);
  // Applies what the attributes of ops/nn/fused.h say: bias, residual, activation.
  Result<ValueId> Epilogue(ValueId sum, ValueId bias, ValueId residual);

 private:
  Result<ValueId> Activate(ValueId x);
  Result<ValueId> Clip(ValueId x, float low, float high);
  Result<ValueId> Tail(ValueId x);

  Images& images_;
};

using Function = Status (*)(Context& context);

// The function for an internal operator, or nullptr.
Function Find(std::string_view op);

Status Elementwise(Context& context);
Status IntegerMatMul(Context& context);
Status IntegerConv(Context& context);
Status IntegerAdd(Context& context);
Status IntegerLookup(Context& context);
Status SparseAttentionMask(Context& context);

}  // namespace standardize

}  // namespace webinfer
