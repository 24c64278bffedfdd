// com.microsoft.Range: ONNX's Range, whose step may be left out (1).
#include "ops/contrib/compose.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  ValueId step = ctx.Input(2);
  if (!ctx.HasInput(2)) {
    WEBINFER_ASSIGN(step, ctx.Scalar(ctx.In(0).dtype, 1));
  }
  ctx.Return(0, ctx.Add("Range", {ctx.Input(0), ctx.Input(1), step}));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_Range) {
  return {.name = "Range", .domain = "com.microsoft", .min_inputs = 2, .max_inputs = 3, .lower = webinfer::ops::Lower};
}
