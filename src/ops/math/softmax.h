// Softmax, LogSoftmax and Hardmax: along attribute `axis` (default the last).
#pragma once

#include "kernels/softmax.h"
#include "ops/op.h"

namespace webinfer::ops {

Status InferSoftmax(InferContext& ctx);
Status BindSoftmaxKind(BindContext& ctx, kernels::SoftmaxKind kind);

template <kernels::SoftmaxKind kind>
Status BindSoftmax(BindContext& ctx) {
  return BindSoftmaxKind(ctx, kind);
}

}  // namespace webinfer::ops
