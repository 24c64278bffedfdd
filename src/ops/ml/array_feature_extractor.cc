// ArrayFeatureExtractor: columns of the last axis; a vector counts as one row.
#include "ops/op.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  WEBINFER_ASSIGN(const ValueId flat, ctx.Ints({-1}));
  const ValueId indices = ctx.Add("Reshape", {ctx.Input(1), flat});
  ValueId out = ctx.Add("Gather", {ctx.Input(0), indices});
  ctx.Last().attributes.SetInt("axis", -1);
  if (ctx.In(0).shape.rank() == 1) {
    WEBINFER_ASSIGN(const ValueId row, ctx.Ints({1, -1}));
    out = ctx.Add("Reshape", {out, row});
  }
  ctx.Return(0, out);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(ai_onnx_ml_ArrayFeatureExtractor) {
  return {
      .name = "ArrayFeatureExtractor", .domain = "ai.onnx.ml", .min_inputs = 2, .max_inputs = 2, .lower = webinfer::ops::Lower};
}
