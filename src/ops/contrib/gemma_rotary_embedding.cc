// GemmaRotaryEmbedding: q cos(emb) + q_rot sin(emb), and the same for k; the angles are float32.
#include "ops/contrib/compose.h"

namespace webinfer::ops {
namespace {

enum Input { kAngles, kQ, kQRotated, kK, kKRotated };

Status Lower(LowerContext& ctx, bool*) {
  const DType dtype = ctx.In(kQ).dtype;
  WEBINFER_ASSIGN(const ValueId angles, OnAxes(ctx, "Unsqueeze", ctx.Input(kAngles), {1}));
  const ValueId sine = CastTo(ctx, ctx.Add("Sin", {angles}), dtype), cosine = CastTo(ctx, ctx.Add("Cos", {angles}), dtype);
  const auto rotated = [&](int x, int other) {
    const ValueId straight = ctx.Add("Mul", {ctx.Input(x), cosine}), turned = ctx.Add("Mul", {ctx.Input(other), sine});
    return ctx.Add("Add", {straight, turned});
  };
  ctx.Return(0, rotated(kQ, kQRotated));
  ctx.Return(1, rotated(kK, kKRotated));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_GemmaRotaryEmbedding) {
  return {.name = "GemmaRotaryEmbedding",
          .domain = "com.microsoft",
          .min_inputs = 5,
          .max_inputs = 5,
          .max_outputs = 2,
          .lower = webinfer::ops::Lower};
}
