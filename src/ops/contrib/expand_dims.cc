// ExpandDims: Unsqueeze at one axis, an int32 scalar.
#include "ops/contrib/compose.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  const ValueId axis = CastTo(ctx, ctx.Input(1), DType::kInt64);
  WEBINFER_ASSIGN(const ValueId list, Reshaped(ctx, axis, {1}));
  ctx.Return(0, ctx.Add("Unsqueeze", {ctx.Input(0), list}));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_ExpandDims) {
  return {.name = "ExpandDims", .domain = "com.microsoft", .min_inputs = 2, .max_inputs = 2, .lower = webinfer::ops::Lower};
}
