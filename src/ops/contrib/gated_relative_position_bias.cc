// GatedRelativePositionBias (WavLM): rel_pos [1, heads, length, length] times a gate of each query and head, computed from the
// query.
#include "ops/contrib/compose.h"

namespace webinfer::ops {
namespace {

enum Input { kQuery, kQueryBias, kPositions, kWeight, kBias, kEcoA, kOffsets };

Status Lower(LowerContext& ctx, bool*) {
  WEBINFER_TRY(NeedRank(ctx, kQuery, 3));
  if (ctx.HasInput(kOffsets)) return Error(Code::kUnsupported, "GatedRelativePositionBias of packed sequences");
  const DType dtype = ctx.In(kQuery).dtype;
  const ValueId query = ctx.Add("Add", {ctx.Input(kQuery), ctx.Input(kQueryBias)});
  WEBINFER_ASSIGN(const ValueId apart, Reshaped(ctx, query, {0, 0, ctx.attributes().Int("num_heads", 1), -1}));
  const ValueId product = ctx.Add("MatMul", {Transposed(ctx, apart, {0, 2, 1, 3}), ctx.Input(kWeight)});
  const ValueId gates = ctx.Add("Add", {product, ctx.Input(kBias)});
  WEBINFER_ASSIGN(const ValueId halves, Reshaped(ctx, gates, {0, 0, 0, 2, -1}));
  WEBINFER_ASSIGN(const ValueId sums, OnAxes(ctx, "ReduceSum", halves, {4}));
  ctx.Last().attributes.SetInt("keepdims", 0);
  const ValueId sigmoid = ctx.Add("Sigmoid", {sums});
  WEBINFER_ASSIGN(const ValueId u, Sliced(ctx, sigmoid, 3, 0, 1));
  WEBINFER_ASSIGN(const ValueId r, Sliced(ctx, sigmoid, 3, 1, 2));
  WEBINFER_ASSIGN(const ValueId scaled, WithNumber(ctx, "Sub", ctx.Add("Mul", {r, ctx.Input(kEcoA)}), dtype, 1));
  WEBINFER_ASSIGN(const ValueId gate, WithNumber(ctx, "Add", ctx.Add("Mul", {u, scaled}), dtype, 2));
  ctx.Return(0, ctx.Add("Mul", {gate, ctx.Input(kPositions)}));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_GatedRelativePositionBias) {
  return {.name = "GatedRelativePositionBias",
          .domain = "com.microsoft",
          .min_inputs = 6,
          .max_inputs = 7,
          .lower = webinfer::ops::Lower};
}
