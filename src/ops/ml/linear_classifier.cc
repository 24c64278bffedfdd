// LinearClassifier: the scores of LinearRegressor, and the label of the best one.
#include "ops/ml/linear.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  PostTransform transform;
  WEBINFER_TRY(ReadPostTransform(ctx.attributes(), &transform));
  const ClassLabels labels = ClassLabels::Of(ctx.attributes(), "classlabels_ints");
  const int64_t intercepts = std::ssize(ctx.attributes().Floats("intercepts"));
  // Without intercepts there are as many scores as labels.
  const int64_t targets = intercepts > 0 ? intercepts : labels.size();
  if (targets > 1 && labels.size() < targets) WEBINFER_TRY(ExpectLength("the labels", labels.size(), targets));
  WEBINFER_ASSIGN(const ValueId scores, LinearScores(ctx, targets));
  const std::vector<ValueId> outputs = ctx.AddMany("ClassifyScores", {scores}, 2, "webinfer");
  Attributes& attributes = ctx.Last().attributes;
  attributes.SetString("post_transform", ctx.attributes().String("post_transform", "NONE"));
  for (const char* name : {"classlabels_strings", "classlabels_ints"}) {
    if (const Attribute* given = ctx.attributes().Find(name)) attributes.Set(*given);
  }
  ctx.Return(0, outputs[0]);
  ctx.Return(1, outputs[1]);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(ai_onnx_ml_LinearClassifier) {
  return {.name = "LinearClassifier", .domain = "ai.onnx.ml", .min_outputs = 1, .max_outputs = 2, .lower = webinfer::ops::Lower};
}
