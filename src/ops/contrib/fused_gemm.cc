// com.microsoft.FusedGemm: Gemm with an activation.
#include "ops/contrib/compose.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  const ValueId product = ctx.Add("Gemm", {ctx.Input(0), ctx.Input(1), ctx.HasInput(2) ? ctx.Input(2) : kNoValue});
  for (const char* name : {"transA", "transB"}) ctx.Last().attributes.SetInt(name, ctx.attributes().Int(name, 0));
  for (const char* name : {"alpha", "beta"}) ctx.Last().attributes.SetFloat(name, ctx.attributes().Float(name, 1));
  ctx.Return(0, Activated(ctx, product));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_FusedGemm) {
  return {.name = "FusedGemm", .domain = "com.microsoft", .min_inputs = 2, .max_inputs = 3, .lower = webinfer::ops::Lower};
}
