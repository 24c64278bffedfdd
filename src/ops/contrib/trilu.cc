// com.microsoft.Trilu: the operator of ONNX, from before it was one.
#include "ops/contrib/compose.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  ctx.Return(0, ctx.Add("Trilu", {ctx.Input(0), ctx.HasInput(1) ? ctx.Input(1) : kNoValue}));
  ctx.Last().attributes.SetInt("upper", ctx.attributes().Int("upper", 1));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_Trilu) {
  return {.name = "Trilu", .domain = "com.microsoft", .min_inputs = 1, .max_inputs = 2, .lower = webinfer::ops::Lower};
}
