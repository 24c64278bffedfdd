// PackedAttention: Attention of sequences without their padding [count, size], with the projection to queries, keys and values.
#include <algorithm>

#include "ops/contrib/padding.h"

namespace webinfer::ops {
namespace {

enum Input { kX, kWeights, kBias, kOffsets, kCumulated, kAttentionBias };

Status Lower(LowerContext& ctx, bool*) {
  WEBINFER_TRY(NeedRank(ctx, kWeights, 2));
  const std::span<const int64_t> given = ctx.attributes().Ints("qkv_hidden_sizes");
  const int64_t columns = ctx.In(kWeights).shape[1];
  int64_t sizes[3] = {columns / 3, columns / 3, columns / 3};
  if (given.size() == 3) std::copy(given.begin(), given.end(), sizes);
  if (columns < 1) return Error(Code::kUnsupported, "PackedAttention with weights of unknown shape");
  const ValueId product = ctx.Add("MatMul", {ctx.Input(kX), ctx.Input(kWeights)});
  WEBINFER_ASSIGN(const ValueId split, ctx.Ints({sizes[0], sizes[1], sizes[2]}));
  const std::vector<ValueId> sides = ctx.AddMany("Split", {ctx.Add("Add", {product, ctx.Input(kBias)}), split}, 3);
  ctx.Last().attributes.SetInt("axis", 1);
  WEBINFER_ASSIGN(const ValueId y, PackedAttention(ctx, sides.data(), kNoValue, ctx.Input(kOffsets), ctx.Input(kCumulated),
                                                   ctx.HasInput(kAttentionBias) ? ctx.Input(kAttentionBias) : kNoValue));
  ctx.Return(0, y);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_PackedAttention) {
  return {.name = "PackedAttention", .domain = "com.microsoft", .min_inputs = 5, .max_inputs = 6, .lower = webinfer::ops::Lower};
}
