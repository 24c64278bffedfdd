// Short forms of the operators that the compositions in this folder are made of.
#pragma once

#include <initializer_list>
#include <vector>

#include "ops/op.h"

namespace webinfer::ops {

inline ValueId Transposed(LowerContext& ctx, ValueId x, std::vector<int64_t> perm) {
  const ValueId y = ctx.Add("Transpose", {x});
  ctx.Last().attributes.SetInts("perm", std::move(perm));
  return y;
}

inline ValueId CastTo(LowerContext& ctx, ValueId x, DType dtype) {
  const ValueId y = ctx.Add("Cast", {x});
  ctx.Last().attributes.SetInt("to", static_cast<int64_t>(dtype));
  return y;
}

inline ValueId Joined(LowerContext& ctx, std::vector<ValueId> parts, int64_t axis) {
  const ValueId y = ctx.Add("Concat", std::move(parts));
  ctx.Last().attributes.SetInt("axis", axis);
  return y;
}

// `dims` as Reshape reads them: 0 keeps the size of that axis, -1 takes what is left.
Result<ValueId> Reshaped(LowerContext& ctx, ValueId x, std::initializer_list<int64_t> dims);
// Elements [first, last) along `axis`; negative ones count from the end, kToEnd is the end.
inline constexpr int64_t kToEnd = INT64_MAX;
Result<ValueId> Sliced(LowerContext& ctx, ValueId x, int64_t axis, int64_t first, int64_t last);
// Unsqueeze, Squeeze, ReduceSum, ...: operators whose second input is a list of axes.
Result<ValueId> OnAxes(LowerContext& ctx, std::string_view op, ValueId x, std::initializer_list<int64_t> axes);
// op(x, number), the number in `dtype`.
Result<ValueId> WithNumber(LowerContext& ctx, std::string_view op, ValueId x, DType dtype, double number);
// Sizes `first` to `last` (exclusive) of x's axes, int64 [last - first].
ValueId SizesOf(LowerContext& ctx, ValueId x, int64_t first, int64_t last);

// The activation that attribute "activation" names ("" for none), with the attributes activation_alpha, _beta, _gamma and _axis.
ValueId Activated(LowerContext& ctx, ValueId x);

// An error unless input `i` has this rank (known when the model is prepared).
Status NeedRank(const LowerContext& ctx, int i, int rank);
// An error unless the whole shape of input `i` is known when the model is prepared.
Status NeedShape(const LowerContext& ctx, int i, int rank);

}  // namespace webinfer::ops
