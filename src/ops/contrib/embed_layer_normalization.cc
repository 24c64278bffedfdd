// EmbedLayerNormalization: the sum of word, position and segment embeddings, normalised; and, for old attention operators, how
// many tokens of each row the mask keeps.
#include "ops/op.h"

namespace webinfer::ops {
namespace {

enum Input { kIds, kSegments, kWords, kPositions, kSegmentTable, kGamma, kBeta, kMask, kPositionIds };

// Positions 0, 1, ... for every row: the running count of ones, less one.
Result<ValueId> CountedPositions(LowerContext& ctx) {
  WEBINFER_ASSIGN(const ValueId one, ctx.Scalar(DType::kInt64, 1));
  WEBINFER_ASSIGN(const ValueId axis, ctx.Ints({1}));
  const ValueId ones = ctx.Add("Expand", {one, ctx.Add("Shape", {ctx.Input(kIds)})});
  const ValueId counted = ctx.Add("CumSum", {ones, axis});
  ctx.Last().attributes.SetInt("exclusive", 1);
  return counted;
}

Status LowerMaskIndex(LowerContext& ctx) {
  if (!ctx.HasOutput(1)) return OkStatus();
  WEBINFER_ASSIGN(const ValueId axis, ctx.Ints({1}));
  ValueId mask = ctx.Input(kMask);
  if (!ctx.HasInput(kMask)) {
    WEBINFER_ASSIGN(const ValueId zero, ctx.Scalar(DType::kInt32, 0));
    mask = ctx.Add("Expand", {zero, ctx.Add("Shape", {ctx.Input(kIds)})});
  }
  const ValueId kept = ctx.Add("ReduceSum", {mask, axis});
  ctx.Last().attributes.SetInt("keepdims", 0);
  ctx.Return(1, kept);
  return OkStatus();
}

Status Lower(LowerContext& ctx, bool*) {
  ValueId positions = ctx.Input(kPositionIds);
  if (!ctx.HasInput(kPositionIds)) {
    WEBINFER_ASSIGN(positions, CountedPositions(ctx));
  }
  ValueId sum = ctx.Add(
      "Add", {ctx.Add("Gather", {ctx.Input(kWords), ctx.Input(kIds)}), ctx.Add("Gather", {ctx.Input(kPositions), positions})});
  if (ctx.HasInput(kSegments) && ctx.HasInput(kSegmentTable)) {
    sum = ctx.Add("Add", {sum, ctx.Add("Gather", {ctx.Input(kSegmentTable), ctx.Input(kSegments)})});
  }
  const ValueId normal = ctx.Add("LayerNormalization", {sum, ctx.Input(kGamma), ctx.Input(kBeta)});
  ctx.Last().attributes.SetFloat("epsilon", ctx.attributes().Float("epsilon", 1e-12f));
  WEBINFER_TRY(LowerMaskIndex(ctx));
  if (ctx.HasOutput(2)) ctx.Return(2, sum);
  ctx.Return(0, normal);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_EmbedLayerNormalization) {
  return {.name = "EmbedLayerNormalization",
          .domain = "com.microsoft",
          .min_inputs = 7,
          .max_inputs = 9,
          .max_outputs = 3,
          .lower = webinfer::ops::Lower};
}
