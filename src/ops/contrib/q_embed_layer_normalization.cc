// QEmbedLayerNormalization: the sum of word, position and segment embeddings, normalised, from 8-bit tables; and how many tokens
// of each row the mask keeps.
#include "ops/contrib/compose.h"

namespace webinfer::ops {
namespace {

enum Input { kIds, kSegments, kWords, kPositions, kSegmentTable, kGamma, kBeta, kMask, kScales };
constexpr int kZeros = kScales + 5;  // both in the order of the tables

// Input `i`, or the rows of it that `rows` names, as floats.
ValueId Dequantized(LowerContext& ctx, int i, ValueId rows = kNoValue) {
  const int place = i - kWords;
  const ValueId data = rows == kNoValue ? ctx.Input(i) : ctx.Add("Gather", {ctx.Input(i), rows});
  return ctx.Add("DequantizeLinear", {data, ctx.Input(kScales + place), ctx.Input(kZeros + place)});
}

Status Lower(LowerContext& ctx, bool*) {
  // Rows 0, 1, ... of the position table: one for each column of the ids.
  WEBINFER_ASSIGN(const ValueId zero, ctx.Scalar(DType::kInt64, 0));
  WEBINFER_ASSIGN(const ValueId one, ctx.Scalar(DType::kInt64, 1));
  const ValueId sizes = ctx.Add("Shape", {ctx.Input(kIds)});
  const ValueId positions = ctx.Add("Range", {zero, ctx.Add("Gather", {sizes, one}), one});
  ValueId sum = ctx.Add("Add", {Dequantized(ctx, kWords, ctx.Input(kIds)), Dequantized(ctx, kPositions, positions)});
  if (ctx.HasInput(kSegments) && ctx.HasInput(kSegmentTable))
    sum = ctx.Add("Add", {sum, Dequantized(ctx, kSegmentTable, ctx.Input(kSegments))});
  const ValueId gamma = Dequantized(ctx, kGamma), beta = Dequantized(ctx, kBeta);
  const ValueId y = ctx.Add("LayerNormalization", {sum, gamma, beta});
  ctx.Last().attributes.SetFloat("epsilon", ctx.attributes().Float("epsilon", 1e-12f));
  ctx.Return(0, y);
  if (!ctx.HasOutput(1)) return OkStatus();
  ValueId mask = ctx.HasInput(kMask) ? ctx.Input(kMask) : kNoValue;
  if (mask == kNoValue) {
    WEBINFER_ASSIGN(const ValueId nothing, ctx.Scalar(DType::kInt32, 0));
    mask = ctx.Add("Expand", {nothing, sizes});
  }
  WEBINFER_ASSIGN(const ValueId kept, OnAxes(ctx, "ReduceSum", mask, {1}));
  ctx.Last().attributes.SetInt("keepdims", 0);
  ctx.Return(1, kept);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_QEmbedLayerNormalization) {
  return {.name = "QEmbedLayerNormalization",
          .domain = "com.microsoft",
          .min_inputs = 1,
          .max_inputs = 18,
          .max_outputs = 2,
          .lower = webinfer::ops::Lower};
}
