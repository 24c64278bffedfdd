// DynamicQuantizeMatMul: A is quantised to uint8 by its own range, multiplied with a quantised B, and given back in float32.
// Inputs: A, B, B's scale, zero point, bias (the last two optional; per tensor or per column).
#include "ops/op.h"

namespace webinfer::ops {
namespace {

enum Input { kA, kB, kBScale, kBZero, kBias };

Status Lower(LowerContext& ctx, bool*) {
  const std::vector<ValueId> a = ctx.AddMany("DynamicQuantizeLinear", {ctx.Input(kA)}, 3);
  ctx.Return(
      0, ctx.Add("IntegerMatMul",
                 {a[0], ctx.Input(kB), a[1], a[2], ctx.Input(kBScale), ctx.Input(kBZero), kNoValue, kNoValue, ctx.Input(kBias)},
                 "webinfer"));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_DynamicQuantizeMatMul) {
  return {.name = "DynamicQuantizeMatMul",
          .domain = "com.microsoft",
          .min_inputs = 3,
          .max_inputs = 5,
          .lower = webinfer::ops::Lower};
}
