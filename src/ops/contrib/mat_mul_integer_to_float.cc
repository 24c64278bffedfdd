// MatMulIntegerToFloat: the product of quantised matrices, in float32. Inputs: A, B, their scales, their zero points, bias.
#include "ops/op.h"

namespace webinfer::ops {
namespace {

enum Input { kA, kB, kAScale, kBScale, kAZero, kBZero, kBias };

Status Lower(LowerContext& ctx, bool*) {
  ctx.Return(0, ctx.Add("IntegerMatMul",
                        {ctx.Input(kA), ctx.Input(kB), ctx.Input(kAScale), ctx.Input(kAZero), ctx.Input(kBScale),
                         ctx.Input(kBZero), kNoValue, kNoValue, ctx.Input(kBias)},
                        "webinfer"));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_MatMulIntegerToFloat) {
  return {
      .name = "MatMulIntegerToFloat", .domain = "com.microsoft", .min_inputs = 4, .max_inputs = 7, .lower = webinfer::ops::Lower};
}
