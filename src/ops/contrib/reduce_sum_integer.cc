// ReduceSumInteger: the sum of 8-bit integers over `axes`, in 32 bits of the same sign.
#include "ops/contrib/compose.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  const ValueId wide = CastTo(ctx, ctx.Input(0), ctx.In(0).dtype == DType::kUint8 ? DType::kUint32 : DType::kInt32);
  WEBINFER_ASSIGN(const ValueId axes, ctx.Ints(ctx.attributes().Ints("axes")));
  const ValueId sum = ctx.Add("ReduceSum", {wide, axes});
  ctx.Last().attributes.SetInt("keepdims", ctx.attributes().Int("keepdims", 1));
  ctx.Return(0, sum);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_ReduceSumInteger) {
  return {.name = "ReduceSumInteger", .domain = "com.microsoft", .lower = webinfer::ops::Lower};
}
