// MaxPool, AveragePool and LpPool: the public operators lower to their channels-last forms (ops/nn/fused.h), which share
// kernels/pool.h. MaxPool with indices, or of another type than float32, stays as it is and runs on a plain loop.
#pragma once

#include "ops/op.h"

namespace webinfer::ops {

Status InferPool(InferContext& ctx);              // [N, C, spatial...]
Status InferChannelsLastPool(InferContext& ctx);  // [N, spatial..., C]
Status BindPool(BindContext& ctx);                // the channels-last form, by the node's name
Status LowerPool(LowerContext& ctx, bool* done);

// GlobalAveragePool and its like: `reduction` over all spatial axes, which stay as 1.
Status InferGlobalPool(InferContext& ctx);
Status LowerGlobalPool(LowerContext& ctx, std::string_view reduction);

}  // namespace webinfer::ops
