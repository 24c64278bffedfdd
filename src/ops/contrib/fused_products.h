// FusedMatMul, FusedMatMulActivation and TransposeMatMul: alpha op(A) op(B). transA swaps A's last two axes; transBatchA moves
// its first axis behind the others but one before that.
#pragma once

#include "ops/contrib/compose.h"
#include "ops/nn/matrix_product.h"

namespace webinfer::ops {

Result<ValueId> AddFusedMatMul(LowerContext& ctx);

// `lower` of an operator that is this product alone.
Status LowerToFusedMatMul(LowerContext& ctx, bool* done);

}  // namespace webinfer::ops
