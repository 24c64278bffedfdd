// MulInteger: (a - a_zero_point) (b - b_zero_point) of 8-bit tensors, in int32.
#include "ops/contrib/compose.h"

namespace webinfer::ops {
namespace {

ValueId Centred(LowerContext& ctx, int i) {
  const ValueId value = CastTo(ctx, ctx.Input(i), DType::kInt32);
  return ctx.HasInput(i + 1) ? ctx.Add("Sub", {value, CastTo(ctx, ctx.Input(i + 1), DType::kInt32)}) : value;
}

Status Lower(LowerContext& ctx, bool*) {
  const ValueId a = Centred(ctx, 0), b = Centred(ctx, 2);
  ctx.Return(0, ctx.Add("Mul", {a, b}));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_MulInteger) {
  // The zero point of `a`, input 1, may be left out before a `b` that is there.
  return {.name = "MulInteger", .domain = "com.microsoft", .min_inputs = 1, .max_inputs = 4, .lower = webinfer::ops::Lower};
}
