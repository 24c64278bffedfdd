// LinearRegressor: coefficients x + intercepts, post-transformed; gives float32.
#include "ops/ml/linear.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  PostTransform transform;
  WEBINFER_TRY(ReadPostTransform(ctx.attributes(), &transform));
  const int64_t targets = ctx.attributes().Int("targets", 1);
  WEBINFER_ASSIGN(const ValueId scores, LinearScores(ctx, targets));
  // Nothing but PROBIT changes a single score.
  if (transform == PostTransform::kNone || (targets == 1 && transform != PostTransform::kProbit)) {
    ctx.Return(0, scores);
    return OkStatus();
  }
  ctx.Return(0, ctx.Add("TransformScores", {scores}, "webinfer"));
  ctx.Last().attributes.SetString("post_transform", ctx.attributes().String("post_transform", "NONE"));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(ai_onnx_ml_LinearRegressor) {
  return {.name = "LinearRegressor", .domain = "ai.onnx.ml", .lower = webinfer::ops::Lower};
}
