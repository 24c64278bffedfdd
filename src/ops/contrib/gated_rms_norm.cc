// GatedRMSNorm: RMSNormalization of each group of as many elements as the scale has, times Silu(gate).
#include "ops/contrib/compose.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  WEBINFER_TRY(NeedShape(ctx, 1, 1));
  const int64_t size = ctx.In(1).shape[0];
  if (size < 1) return Error(Code::kShapeMismatch, "GatedRMSNorm's scale is empty");
  const DType dtype = ctx.In(0).dtype;
  const auto wide = [&](int i) { return CastTo(ctx, ctx.Input(i), DType::kFloat32); };
  WEBINFER_ASSIGN(const ValueId groups, Reshaped(ctx, wide(0), {-1, size}));
  const ValueId normal = ctx.Add("RMSNormalization", {groups, wide(1)});
  ctx.Last().attributes.SetFloat("epsilon", ctx.attributes().Float("epsilon", 1e-5f));
  const ValueId y = ctx.Add("Reshape", {normal, ctx.Add("Shape", {ctx.Input(0)})});
  ctx.Return(0, CastTo(ctx, ctx.Add("Mul", {y, ctx.Add("Swish", {wide(2)})}), dtype));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_GatedRMSNorm) {
  return {.name = "GatedRMSNorm", .domain = "com.microsoft", .min_inputs = 3, .max_inputs = 3, .lower = webinfer::ops::Lower};
}
