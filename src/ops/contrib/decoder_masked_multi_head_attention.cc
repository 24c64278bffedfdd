// DecoderMaskedMultiHeadAttention: MultiHeadAttention of one new token, over a cache that grows, a cache of fixed size that is
// written behind past_sequence_length (past_present_share_buffer), or (keys of rank 4) another sequence.
#include "ops/contrib/compose.h"

namespace webinfer::ops {
namespace {

enum Input { kQuery, kKey, kValue, kMask, kAttentionBias, kPastKey, kPastValue, kPastLength, kBeams, kIndirection, kBias };

ValueId OptionalInput(const LowerContext& ctx, int i) { return ctx.HasInput(i) ? ctx.Input(i) : kNoValue; }

// Query, key and value [batch, 1, hidden] plus their parts of the bias.
Status AddBiases(LowerContext& ctx, ValueId* sides) {
  for (int i = 0; i < 3; ++i) sides[i] = ctx.Input(i);
  if (!ctx.HasInput(kBias)) return OkStatus();
  std::vector<ValueId> sizes;
  for (const ValueId side : {sides[0], sides[1], sides[2]}) sizes.push_back(SizesOf(ctx, side, 2, 3));
  const std::vector<ValueId> parts = ctx.AddMany("Split", {ctx.Input(kBias), Joined(ctx, std::move(sizes), 0)}, 3);
  ctx.Last().attributes.SetInt("axis", 0);
  for (size_t i = 0; i < 3; ++i) sides[i] = ctx.Add("Add", {sides[i], parts[i]});
  return OkStatus();
}

// The row of the cache that each row reads at each of `total` places, int64 [rows, 1, total, 1]: cache_indirection [batch, beams,
// room] names a beam of the same entry; the new token is every row's own.
Result<ValueId> CacheRows(LowerContext& ctx, ValueId past, ValueId total) {
  WEBINFER_ASSIGN(const ValueId zero, ctx.Scalar(DType::kInt64, 0));
  WEBINFER_ASSIGN(const ValueId one, ctx.Scalar(DType::kInt64, 1));
  WEBINFER_ASSIGN(const ValueId first, ctx.Ints({0}));
  WEBINFER_ASSIGN(const ValueId axis, ctx.Ints({1}));
  WEBINFER_ASSIGN(const ValueId beams, Reshaped(ctx, CastTo(ctx, ctx.Input(kBeams), DType::kInt64), {1}));
  WEBINFER_ASSIGN(const ValueId rows, OnAxes(ctx, "Squeeze", SizesOf(ctx, ctx.Input(kQuery), 0, 1), {0}));
  const ValueId own = ctx.Add("Range", {zero, rows, one});
  const ValueId entries = ctx.Add("Mul", {ctx.Add("Div", {own, beams}), beams});
  WEBINFER_ASSIGN(const ValueId minus_one, ctx.Ints({-1}));
  const ValueId room = SizesOf(ctx, ctx.Input(kIndirection), 2, 3);
  const ValueId chosen = ctx.Add(
      "Slice", {ctx.Add("Reshape", {CastTo(ctx, ctx.Input(kIndirection), DType::kInt64), Joined(ctx, {minus_one, room}, 0)}),
                first, total, axis});
  WEBINFER_ASSIGN(const ValueId entry_column, OnAxes(ctx, "Unsqueeze", entries, {1}));
  WEBINFER_ASSIGN(const ValueId own_column, OnAxes(ctx, "Unsqueeze", own, {1}));
  WEBINFER_ASSIGN(const ValueId places, OnAxes(ctx, "Squeeze", total, {0}));
  const ValueId is_old = ctx.Add("Less", {ctx.Add("Range", {zero, places, one}), past});
  const ValueId from = ctx.Add("Where", {is_old, ctx.Add("Add", {chosen, entry_column}), own_column});
  return OnAxes(ctx, "Unsqueeze", from, {1, 3});
}

Status LowerSharedBuffer(LowerContext& ctx) {
  if (!ctx.HasInput(kPastKey) || !ctx.HasInput(kPastValue) || !ctx.HasInput(kPastLength))
    return Error(Code::kInvalidModel, "A shared cache needs past_key, past_value and past_sequence_length");
  const int64_t heads = ctx.attributes().Int("num_heads", 1);
  ValueId sides[3];
  WEBINFER_TRY(AddBiases(ctx, sides));
  WEBINFER_ASSIGN(const ValueId past, Reshaped(ctx, CastTo(ctx, ctx.Input(kPastLength), DType::kInt64), {1}));
  WEBINFER_ASSIGN(const ValueId total, WithNumber(ctx, "Add", past, DType::kInt64, 1));
  WEBINFER_ASSIGN(const ValueId first, ctx.Ints({0}));
  WEBINFER_ASSIGN(const ValueId axis, ctx.Ints({2}));
  const ValueId starts = ctx.Add("Expand", {past, SizesOf(ctx, ctx.Input(kQuery), 0, 1)});
  ValueId rows = kNoValue;
  if (ctx.HasInput(kIndirection) && ctx.HasInput(kBeams)) {
    WEBINFER_ASSIGN(rows, CacheRows(ctx, past, total));
  }
  for (int i = 0; i < 2; ++i) {
    WEBINFER_ASSIGN(const ValueId apart, Reshaped(ctx, sides[1 + i], {0, 0, heads, -1}));
    const ValueId fresh = Transposed(ctx, apart, {0, 2, 1, 3});
    const ValueId present = ctx.Add("TensorScatter", {ctx.Input(kPastKey + i), fresh, starts});
    ctx.Last().attributes.SetInt("axis", 2);
    sides[1 + i] = ctx.Add("Slice", {present, first, total, axis});
    ctx.Return(1 + i, present);
    if (rows == kNoValue) continue;
    const ValueId everywhere = ctx.Add("Expand", {rows, ctx.Add("Shape", {sides[1 + i]})});
    sides[1 + i] = ctx.Add("GatherElements", {sides[1 + i], everywhere});
    ctx.Last().attributes.SetInt("axis", 0);
  }
  const ValueId y = ctx.Add(
      "MultiHeadAttention",
      {sides[0], sides[1], sides[2], kNoValue, OptionalInput(ctx, kMask), OptionalInput(ctx, kAttentionBias)}, "com.microsoft");
  ctx.Last().attributes = ctx.attributes();
  ctx.Return(0, y);
  return OkStatus();
}

Status Lower(LowerContext& ctx, bool*) {
  if (ctx.HasOutput(3)) return Error(Code::kUnsupported, "DecoderMaskedMultiHeadAttention with an output of scores");
  const bool crosses = ctx.HasInput(kKey) && ctx.In(kKey).shape.rank() == 4;
  if (!crosses && ctx.attributes().Int("past_present_share_buffer", 0) != 0) return LowerSharedBuffer(ctx);
  const std::vector<ValueId> results =
      ctx.AddMany("MultiHeadAttention",
                  {OptionalInput(ctx, kQuery), OptionalInput(ctx, kKey), OptionalInput(ctx, kValue), OptionalInput(ctx, kBias),
                   OptionalInput(ctx, kMask), OptionalInput(ctx, kAttentionBias), OptionalInput(ctx, kPastKey),
                   OptionalInput(ctx, kPastValue)},
                  ctx.HasOutput(1) || ctx.HasOutput(2) ? 3 : 1, "com.microsoft");
  ctx.Last().attributes = ctx.attributes();
  for (size_t i = 0; i < results.size(); ++i) ctx.Return(static_cast<int>(i), results[i]);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_DecoderMaskedMultiHeadAttention) {
  return {.name = "DecoderMaskedMultiHeadAttention",
          .domain = "com.microsoft",
          .max_inputs = 11,
          .max_outputs = 4,
          .lower = webinfer::ops::Lower};
}
