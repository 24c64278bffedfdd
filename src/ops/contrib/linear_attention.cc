// com.microsoft.LinearAttention: ONNX's LinearAttention; also with fewer query heads than key heads, states of another float
// type, and states in a window of one (state_window).
#include "ops/contrib/compose.h"

namespace webinfer::ops {
namespace {

enum Input { kQuery, kKey, kValue, kPast, kDecay, kBeta };

// Each query head `times` times, as all its key heads want it.
Result<ValueId> RepeatHeads(LowerContext& ctx, int64_t heads, int64_t times) {
  WEBINFER_ASSIGN(const ValueId apart, Reshaped(ctx, ctx.Input(kQuery), {0, 0, heads, -1}));
  WEBINFER_ASSIGN(const ValueId wide, OnAxes(ctx, "Unsqueeze", apart, {3}));
  WEBINFER_ASSIGN(const ValueId shape, ctx.Ints({1, 1, 1, times, 1}));
  return Reshaped(ctx, ctx.Add("Expand", {wide, shape}), {0, 0, -1});
}

Status Lower(LowerContext& ctx, bool*) {
  const int64_t heads = ctx.attributes().Int("q_num_heads", 0), kv_heads = ctx.attributes().Int("kv_num_heads", 0);
  const int64_t window = ctx.attributes().Int("state_window", 0);
  if (window < 0 || window > 1) {
    return Error(Code::kUnsupported, "LinearAttention with a window of states")
        .Expected("state_window 0 or 1")
        .Actual("%lld", static_cast<long long>(window));
  }
  ValueId query = ctx.Input(kQuery), past = ctx.HasInput(kPast) ? ctx.Input(kPast) : kNoValue;
  const bool repeats = heads > 0 && kv_heads > heads && kv_heads % heads == 0;
  if (repeats) {
    WEBINFER_ASSIGN(query, RepeatHeads(ctx, heads, kv_heads / heads));
  }
  const DType dtype = ctx.In(kQuery).dtype;
  const bool casts = past != kNoValue && ctx.In(kPast).dtype != dtype;
  if (window == 1 && past != kNoValue) {
    WEBINFER_ASSIGN(past, OnAxes(ctx, "Squeeze", past, {0}));
  }
  if (casts) past = CastTo(ctx, past, dtype);
  const std::vector<ValueId> results =
      ctx.AddMany("LinearAttention",
                  {query, ctx.Input(kKey), ctx.Input(kValue), past, ctx.HasInput(kDecay) ? ctx.Input(kDecay) : kNoValue,
                   ctx.HasInput(kBeta) ? ctx.Input(kBeta) : kNoValue},
                  2);
  Attributes& attributes = ctx.Last().attributes;
  attributes.SetInt("q_num_heads", repeats ? kv_heads : heads);
  attributes.SetInt("kv_num_heads", kv_heads);
  attributes.SetString("update_rule", ctx.attributes().String("update_rule", "gated_delta"));
  attributes.SetFloat("scale", ctx.attributes().Float("scale", 0));
  ValueId state = results[1];
  if (casts) state = CastTo(ctx, state, ctx.In(kPast).dtype);
  if (window == 1) {
    WEBINFER_ASSIGN(state, OnAxes(ctx, "Unsqueeze", state, {0}));
  }
  ctx.Return(0, results[0]);
  ctx.Return(1, state);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_LinearAttention) {
  return {.name = "LinearAttention",
          .domain = "com.microsoft",
          .min_inputs = 3,
          .max_inputs = 6,
          .max_outputs = 2,
          .lower = webinfer::ops::Lower};
}
