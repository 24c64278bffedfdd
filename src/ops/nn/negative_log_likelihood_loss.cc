// NegativeLogLikelihoodLoss: minus the log probability of the target class, weighted, summed or averaged.
#include "ops/nn/loss.h"

WEBINFER_OP(NegativeLogLikelihoodLoss) {
  using namespace webinfer;
  return {.name = "NegativeLogLikelihoodLoss",
          .since = 22,
          .min_inputs = 2,
          .max_inputs = 3,
          .infer = ops::InferLoss,
          .lower = [](LowerContext& ctx, bool*) { return ops::LowerLikelihood(ctx, ctx.Input(0)); }};
}
