// Binarizer: 1 above the threshold, else 0.
#include "ops/op.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool* done) {
  *done = ctx.In(0).dtype != DType::kUndefined;
  if (!*done) return OkStatus();
  WEBINFER_ASSIGN(const ValueId threshold, ctx.Scalar(ctx.In(0).dtype, ctx.attributes().Float("threshold", 0)));
  const ValueId above = ctx.Add("Greater", {ctx.Input(0), threshold});
  const ValueId out = ctx.Add("Cast", {above});
  ctx.Last().attributes.SetInt("to", static_cast<int64_t>(ctx.In(0).dtype));
  ctx.Return(0, out);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(ai_onnx_ml_Binarizer) { return {.name = "Binarizer", .domain = "ai.onnx.ml", .lower = webinfer::ops::Lower}; }
