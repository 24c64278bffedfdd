// SparseAttention: causal attention over a cache, in which each query sees only some blocks of keys. New keys and values are
// written into the cache behind the entry's own past; the mask is webinfer.SparseAttentionMask.
#include "ops/contrib/compose.h"

namespace webinfer::ops {
namespace {

enum Input { kQuery, kKey, kValue, kPastKey, kPastValue, kRows, kColumns, kTotal, kLengths, kCos, kSin };

int64_t HeadsOf(const LowerContext& ctx, const char* name) { return ctx.attributes().Int(name, 0); }

// Query, key and value as [batch, heads, tokens, size].
Status SplitHeads(LowerContext& ctx, ValueId* sides) {
  const int64_t heads[3] = {HeadsOf(ctx, "num_heads"), HeadsOf(ctx, "kv_num_heads"), HeadsOf(ctx, "kv_num_heads")};
  if (heads[0] < 1 || heads[1] < 1) return Error(Code::kInvalidModel, "SparseAttention needs num_heads and kv_num_heads");
  if (ctx.HasInput(kKey)) {
    for (int i = 0; i < 3; ++i) {
      WEBINFER_ASSIGN(const ValueId apart, Reshaped(ctx, ctx.Input(i), {0, 0, heads[i], -1}));
      sides[i] = Transposed(ctx, apart, {0, 2, 1, 3});
    }
    return OkStatus();
  }
  WEBINFER_ASSIGN(const ValueId apart, Reshaped(ctx, ctx.Input(kQuery), {0, 0, heads[0] + 2 * heads[1], -1}));
  WEBINFER_ASSIGN(const ValueId counts, ctx.Ints({heads[0], heads[1], heads[1]}));
  const std::vector<ValueId> parts = ctx.AddMany("Split", {Transposed(ctx, apart, {0, 2, 1, 3}), counts}, 3);
  ctx.Last().attributes.SetInt("axis", 1);
  for (size_t i = 0; i < 3; ++i) sides[i] = parts[i];
  return OkStatus();
}

// Where the new tokens of each entry begin in its cache, int64 [batch]: 0 where the whole sequence comes at once.
Result<ValueId> Starts(LowerContext& ctx) {
  const ValueId tokens = SizesOf(ctx, ctx.Input(kQuery), 1, 2);
  const ValueId before = ctx.Add("Sub", {CastTo(ctx, ctx.Input(kLengths), DType::kInt64), tokens});
  WEBINFER_ASSIGN(const ValueId total, Reshaped(ctx, CastTo(ctx, ctx.Input(kTotal), DType::kInt64), {1}));
  WEBINFER_ASSIGN(const ValueId none, ctx.Scalar(DType::kInt64, 0));
  return ctx.Add("Where", {ctx.Add("Equal", {total, tokens}), none, before});
}

// Positions of the new tokens, int64 [batch, tokens].
Result<ValueId> Positions(LowerContext& ctx, ValueId starts) {
  WEBINFER_ASSIGN(const ValueId zero, ctx.Scalar(DType::kInt64, 0));
  WEBINFER_ASSIGN(const ValueId one, ctx.Scalar(DType::kInt64, 1));
  WEBINFER_ASSIGN(const ValueId tokens, OnAxes(ctx, "Squeeze", SizesOf(ctx, ctx.Input(kQuery), 1, 2), {0}));
  WEBINFER_ASSIGN(const ValueId rows, OnAxes(ctx, "Unsqueeze", starts, {1}));
  return ctx.Add("Add", {rows, ctx.Add("Range", {zero, tokens, one})});
}

Status Lower(LowerContext& ctx, bool*) {
  WEBINFER_TRY(NeedRank(ctx, kQuery, 3));
  ValueId sides[3];
  WEBINFER_TRY(SplitHeads(ctx, sides));
  WEBINFER_ASSIGN(const ValueId starts, Starts(ctx));
  if (ctx.attributes().Int("do_rotary", 0) != 0) {
    WEBINFER_ASSIGN(const ValueId positions, Positions(ctx, starts));
    for (int i = 0; i < 2; ++i) {
      sides[i] = ctx.Add("RotaryEmbedding", {sides[i], positions, ctx.Input(kCos), ctx.Input(kSin)}, "com.microsoft");
      ctx.Last().attributes.SetInt("interleaved", ctx.attributes().Int("rotary_interleaved", 0));
    }
  }
  WEBINFER_ASSIGN(const ValueId total, Reshaped(ctx, CastTo(ctx, ctx.Input(kTotal), DType::kInt64), {1}));
  WEBINFER_ASSIGN(const ValueId first, ctx.Ints({0}));
  WEBINFER_ASSIGN(const ValueId axis, ctx.Ints({2}));
  ValueId used[2];
  for (int i = 0; i < 2; ++i) {
    const ValueId present = ctx.Add("TensorScatter", {ctx.Input(kPastKey + i), sides[1 + i], starts});
    ctx.Last().attributes.SetInt("axis", 2);
    used[i] = ctx.Add("Slice", {present, first, total, axis});
    ctx.Return(1 + i, present);
  }
  const ValueId mask = ctx.Add(
      "SparseAttentionMask",
      {ctx.Input(kRows), ctx.Input(kColumns), ctx.Input(kTotal), ctx.Input(kLengths), ctx.Input(kQuery), used[0]}, "webinfer");
  for (const char* name : {"sparse_block_size", "num_heads"}) ctx.Last().attributes.SetInt(name, ctx.attributes().Int(name, 0));
  const ValueId y = ctx.Add("Attention", {sides[0], used[0], used[1], mask});
  const float scale = ctx.attributes().Float("scale", 0);
  if (scale != 0) ctx.Last().attributes.SetFloat("scale", scale);
  WEBINFER_ASSIGN(const ValueId joined, Reshaped(ctx, Transposed(ctx, y, {0, 2, 1, 3}), {0, 0, -1}));
  ctx.Return(0, joined);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_SparseAttention) {
  return {.name = "SparseAttention",
          .domain = "com.microsoft",
          .min_inputs = 1,
          .max_inputs = 11,
          .max_outputs = 3,
          .lower = webinfer::ops::Lower};
}
