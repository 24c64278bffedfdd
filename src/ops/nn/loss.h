// The negative log likelihood that NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss are made of.
#pragma once

#include "ops/op.h"

namespace webinfer::ops {

// Output 0 of a loss: the target's shape, or a scalar if `reduction` is "mean" or "sum".
Status InferLoss(InferContext& ctx);
// Output 0 of the node that is lowered: the loss of `log_probabilities` [N, C, ...] at the target classes (input 1), weighted by
// class (input 2), without the targets that are `ignore_index`.
Status LowerLikelihood(LowerContext& ctx, ValueId log_probabilities);

}  // namespace webinfer::ops
