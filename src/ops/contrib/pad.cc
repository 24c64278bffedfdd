// com.microsoft.Pad: the operator of ONNX, from before it took pads as an input; they may be [1, 2 rank].
#include "ops/contrib/compose.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  WEBINFER_ASSIGN(const ValueId pads, Reshaped(ctx, ctx.Input(1), {-1}));
  ctx.Return(0, ctx.Add("Pad", {ctx.Input(0), pads, ctx.HasInput(2) ? ctx.Input(2) : kNoValue}));
  ctx.Last().attributes.SetString("mode", ctx.attributes().String("mode", "constant"));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_Pad) {
  return {.name = "Pad", .domain = "com.microsoft", .min_inputs = 2, .max_inputs = 3, .lower = webinfer::ops::Lower};
}
