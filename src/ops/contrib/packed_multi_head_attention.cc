// PackedMultiHeadAttention: MultiHeadAttention of sequences without their padding. Query, key and value come apart [count, size],
// or as one [count, heads, 3, size].
#include "ops/contrib/padding.h"

namespace webinfer::ops {
namespace {

enum Input { kQuery, kKey, kValue, kBias, kOffsets, kCumulated, kAttentionBias };

Status Lower(LowerContext& ctx, bool*) {
  ValueId sides[3] = {ctx.Input(kQuery), ctx.Input(kKey), ctx.Input(kValue)};
  for (int i = 0; i < 3 && !ctx.HasInput(kKey); ++i) {
    WEBINFER_TRY(NeedRank(ctx, kQuery, 4));
    WEBINFER_ASSIGN(const ValueId side, Sliced(ctx, ctx.Input(kQuery), 2, i, i + 1));
    WEBINFER_ASSIGN(sides[i], Reshaped(ctx, side, {0, -1}));
  }
  WEBINFER_ASSIGN(const ValueId y,
                  PackedAttention(ctx, sides, ctx.HasInput(kBias) ? ctx.Input(kBias) : kNoValue, ctx.Input(kOffsets),
                                  ctx.Input(kCumulated), ctx.HasInput(kAttentionBias) ? ctx.Input(kAttentionBias) : kNoValue));
  ctx.Return(0, y);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_PackedMultiHeadAttention) {
  return {.name = "PackedMultiHeadAttention", .domain = "com.microsoft", .max_inputs = 7, .lower = webinfer::ops::Lower};
}
