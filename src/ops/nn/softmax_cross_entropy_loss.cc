// SoftmaxCrossEntropyLoss: NegativeLogLikelihoodLoss of LogSoftmax over the classes, which is the second output.
#include "ops/nn/loss.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  WEBINFER_TRY(InferLoss(ctx));
  return ctx.SetOutput(1, ctx.In(0).dtype, ctx.In(0).shape);
}

Status Lower(LowerContext& ctx, bool*) {
  const ValueId log_probabilities = ctx.Add("LogSoftmax", {ctx.Input(0)});
  ctx.Last().attributes.SetInt("axis", 1);
  WEBINFER_TRY(LowerLikelihood(ctx, log_probabilities));
  ctx.Return(1, log_probabilities);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(SoftmaxCrossEntropyLoss) {
  return {.name = "SoftmaxCrossEntropyLoss",
          .since = 13,
          .min_inputs = 2,
          .max_inputs = 3,
          .max_outputs = 2,
          .infer = webinfer::ops::Infer,
          .lower = webinfer::ops::Lower};
}
