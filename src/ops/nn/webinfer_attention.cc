// webinfer.Attention: softmax(scale q k' + mask) v with heads on either axis of each operand; see ops/nn/fused.h.
#include <algorithm>
#include <climits>
#include <cmath>

#include "ops/nn/heads.h"

namespace webinfer::ops {
namespace {

enum Input { kQ, kK, kV, kMask };

bool Interleaved(const InferContext& ctx, std::string_view attribute) { return ctx.attributes().Int(attribute, 1) == 2; }

Heads ReadHeads(const InferContext& ctx, int input, std::string_view attribute) {
  const Shape& shape = ctx.In(input).shape;
  if (!shape.rank_known()) return Heads();
  return Interleaved(ctx, attribute) ? Heads{shape[0], shape[2], shape[1], shape[3]}
                                     : Heads{shape[0], shape[1], shape[2], shape[3]};
}

Status InferFusedAttention(InferContext& ctx) {
  for (int i = kQ; i <= kV; ++i) WEBINFER_TRY(ctx.ExpectRank(i, 4));
  const Heads q = ReadHeads(ctx, kQ, "q_heads"), v = ReadHeads(ctx, kV, "v_heads");
  const Shape out =
      Interleaved(ctx, "out_heads") ? Shape{q.batch, q.tokens, q.heads, v.size} : Shape{q.batch, q.heads, q.tokens, v.size};
  return ctx.SetOutput(0, ctx.In(kQ).dtype, out);
}

Status RunFusedAttention(const Step& step, RunContext& run) {
  kernels::Attention a = step.Params<kernels::Attention>();
  a.q = step.in[kQ].As<float>();
  a.k = step.in[kK].As<float>();
  a.v = step.in[kV].As<float>();
  a.y = step.out[0].As<float>();
  if (step.HasInput(kMask)) SetMask(step.in[kMask], &a);
  kernels::RunAttention(a, reinterpret_cast<float*>(step.scratch), run.pool());
  return OkStatus();
}

Status BindFusedAttention(BindContext& ctx) {
  const Heads q = ReadHeads(ctx, kQ, "q_heads"), k = ReadHeads(ctx, kK, "k_heads"), v = ReadHeads(ctx, kV, "v_heads");
  const bool fits = ctx.In(kQ).dtype == DType::kFloat32 && ctx.In(kK).dtype == DType::kFloat32 &&
                    ctx.In(kV).dtype == DType::kFloat32 && q.batch == k.batch && k.batch == v.batch && k.heads == v.heads &&
                    k.tokens == v.tokens && q.size == k.size && k.heads > 0 && q.heads % k.heads == 0 && q.tokens <= INT_MAX &&
                    k.tokens <= INT_MAX;
  if (!fits) {
    return Error(Code::kShapeMismatch, "Attention's inputs do not fit together")
        .Expected("float32, k and v of q's batch and a divisor of its heads; q %s", ShapeText(ctx.In(kQ).shape).text)
        .Actual("k %s, v %s", ShapeText(ctx.In(kK).shape).text, ShapeText(ctx.In(kV).shape).text);
  }
  WEBINFER_ASSIGN(kernels::Attention * a, ctx.Params<kernels::Attention>());
  a->batch = static_cast<int>(q.batch);
  a->heads = static_cast<int>(q.heads);
  a->kv_heads = static_cast<int>(k.heads);
  a->queries = static_cast<int>(q.tokens);
  a->keys = static_cast<int>(k.tokens);
  a->depth = static_cast<int>(q.size);
  a->value_depth = static_cast<int>(v.size);
  a->scale = ctx.attributes().Float("scale", 1 / std::sqrt(static_cast<float>(std::max<int64_t>(q.size, 1))));
  a->q_strides = StridesOf(q, Interleaved(ctx, "q_heads"));
  a->k_strides = StridesOf(k, Interleaved(ctx, "k_heads"));
  a->v_strides = StridesOf(v, Interleaved(ctx, "v_heads"));
  a->y_strides = StridesOf({q.batch, q.heads, q.tokens, v.size}, Interleaved(ctx, "out_heads"));
  WEBINFER_TRY(BindMask(ctx, kMask, a));
  ctx.SetKernel(RunFusedAttention);
  ctx.SetScratch(kernels::AttentionScratchFloats(*a, ctx.threads()) * sizeof(float));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(webinfer_Attention) {
  using namespace webinfer::ops;
  return {.name = "Attention",
          .domain = "webinfer",
          .min_inputs = 3,
          .max_inputs = 4,
          .infer = InferFusedAttention,
          .bind = BindFusedAttention};
}
