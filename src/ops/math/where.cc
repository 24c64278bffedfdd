// Where: a where the condition holds, b elsewhere.
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(Select(s.In(0), s.In(1), s.In(2)), s.DTypeOf(1)); }

// Elements that only move: both sides are stacked, and the condition says which is gathered.
Status Lower(LowerContext& ctx, bool* done) {
  const DType dtype = ctx.In(1).dtype;
  *done = dtype == DType::kString || dtype == DType::kComplex64 || dtype == DType::kComplex128;
  if (!*done) return OkStatus();
  WEBINFER_ASSIGN(const ValueId first, ctx.Ints({0}));
  const auto expand = [&](ValueId value, ValueId like) { return ctx.Add("Expand", {value, ctx.Add("Shape", {like})}); };
  const ValueId a = expand(expand(ctx.Input(1), ctx.Input(2)), ctx.Input(0));
  const ValueId condition = expand(ctx.Input(0), a), b = expand(ctx.Input(2), a);
  const ValueId sides = ctx.Add("Concat", {ctx.Add("Unsqueeze", {a, first}), ctx.Add("Unsqueeze", {b, first})});
  ctx.Last().attributes.SetInt("axis", 0);
  const ValueId side = ctx.Add("Cast", {ctx.Add("Not", {condition})});
  ctx.Last().attributes.SetInt("to", static_cast<int64_t>(DType::kInt64));
  const ValueId chosen = ctx.Add("GatherElements", {sides, ctx.Add("Unsqueeze", {side, first})});
  ctx.Last().attributes.SetInt("axis", 0);
  ctx.Return(0, ctx.Add("Squeeze", {chosen, first}));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Where) {
  return {.name = "Where",
          .since = 16,
          .min_inputs = 3,
          .max_inputs = 3,
          .lower = webinfer::ops::Lower,
          .expression = webinfer::ops::Expression};
}
