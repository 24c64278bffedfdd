// GemmFastGelu: FastGelu(X W + bias).
#include "ops/contrib/compose.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  const ValueId product = ctx.Add("MatMul", {ctx.Input(0), ctx.Input(1)});
  ctx.Return(0, ctx.HasInput(2) ? ctx.Add("FastGelu", {product, ctx.Input(2)}, "com.microsoft")
                                : ctx.Add("FastGelu", {product}, "com.microsoft"));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_GemmFastGelu) {
  return {.name = "GemmFastGelu", .domain = "com.microsoft", .min_inputs = 2, .max_inputs = 3, .lower = webinfer::ops::Lower};
}
