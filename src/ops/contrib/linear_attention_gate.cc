// LinearAttentionGate: the gates of LinearAttention: decay_scale Softplus(a + dt_bias), and Sigmoid(b).
#include "ops/contrib/compose.h"

namespace webinfer::ops {
namespace {

enum Input { kA, kBias, kScale, kB };

Status Lower(LowerContext& ctx, bool*) {
  const DType dtype = ctx.In(kA).dtype;
  const ValueId sum = ctx.Add("Add", {CastTo(ctx, ctx.Input(kA), DType::kFloat32), ctx.Input(kBias)});
  ctx.Return(0, CastTo(ctx, ctx.Add("Mul", {ctx.Add("Softplus", {sum}), ctx.Input(kScale)}), dtype));
  if (!ctx.HasOutput(1)) return OkStatus();
  if (!ctx.HasInput(kB)) return Error(Code::kInvalidModel, "LinearAttentionGate gives beta only for input b");
  ctx.Return(1, ctx.Add("Sigmoid", {ctx.Input(kB)}));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_LinearAttentionGate) {
  return {.name = "LinearAttentionGate",
          .domain = "com.microsoft",
          .min_inputs = 3,
          .max_inputs = 4,
          .max_outputs = 2,
          .lower = webinfer::ops::Lower};
}
