// WordConvEmbedding: a vector for each word [words, letters]: the embeddings of its letters (0 is none), a convolution over
// windows of letters, tanh, and the largest over the word's windows.
#include "ops/contrib/compose.h"

namespace webinfer::ops {
namespace {

enum Input { kLetters, kWeights, kBias, kTable };

// Whether window w of a word counts, [words, 1, windows]: windows up to the word's last letter, at least the first.
Result<ValueId> WindowsThatCount(LowerContext& ctx, ValueId conv, int64_t width) {
  WEBINFER_ASSIGN(const ValueId zero, ctx.Scalar(DType::kInt32, 0));
  const ValueId is_letter = CastTo(ctx, ctx.Add("Greater", {ctx.Input(kLetters), zero}), DType::kInt64);
  WEBINFER_ASSIGN(const ValueId letters, OnAxes(ctx, "ReduceSum", is_letter, {1}));
  WEBINFER_ASSIGN(const ValueId count, WithNumber(ctx, "Sub", letters, DType::kInt64, static_cast<double>(width)));
  WEBINFER_ASSIGN(const ValueId last, WithNumber(ctx, "Max", count, DType::kInt64, 0));
  WEBINFER_ASSIGN(const ValueId first, ctx.Scalar(DType::kInt64, 0));
  WEBINFER_ASSIGN(const ValueId one, ctx.Scalar(DType::kInt64, 1));
  WEBINFER_ASSIGN(const ValueId windows, OnAxes(ctx, "Squeeze", SizesOf(ctx, conv, 2, 3), {0}));
  const ValueId numbers = ctx.Add("Range", {first, windows, one});
  return OnAxes(ctx, "Unsqueeze", ctx.Add("LessOrEqual", {numbers, last}), {1});
}

Status Lower(LowerContext& ctx, bool*) {
  WEBINFER_TRY(NeedRank(ctx, kLetters, 2));
  WEBINFER_TRY(NeedShape(ctx, kWeights, 4));
  const ValueId embedded = Transposed(ctx, ctx.Add("Gather", {ctx.Input(kTable), ctx.Input(kLetters)}), {0, 2, 1});
  WEBINFER_ASSIGN(const ValueId flat, OnAxes(ctx, "Squeeze", ctx.Input(kWeights), {1}));
  const ValueId conv = ctx.Add("Tanh", {ctx.Add("Conv", {embedded, Transposed(ctx, flat, {0, 2, 1}), ctx.Input(kBias)})});
  WEBINFER_ASSIGN(const ValueId counts, WindowsThatCount(ctx, conv, ctx.In(kWeights).shape[2]));
  WEBINFER_ASSIGN(const ValueId least, ctx.Scalar(DType::kFloat32, -1e12));
  WEBINFER_ASSIGN(const ValueId y, OnAxes(ctx, "ReduceMax", ctx.Add("Where", {counts, conv, least}), {2}));
  ctx.Last().attributes.SetInt("keepdims", 0);
  ctx.Return(0, y);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_WordConvEmbedding) {
  return {
      .name = "WordConvEmbedding", .domain = "com.microsoft", .min_inputs = 4, .max_inputs = 4, .lower = webinfer::ops::Lower};
}
