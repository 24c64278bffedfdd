// com.microsoft.GatherND: the operator of ONNX, from before it was one.
#include "ops/contrib/compose.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  ctx.Return(0, ctx.Add("GatherND", {ctx.Input(0), ctx.Input(1)}));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_GatherND) {
  return {.name = "GatherND", .domain = "com.microsoft", .min_inputs = 2, .max_inputs = 2, .lower = webinfer::ops::Lower};
}
