// MatMul in all its forms: the public operator and webinfer.MatMul (ops/nn/fused.h), which adds transA, transB, alpha, bias,
// residual and an activation. float32 runs on kernels/gemm.h, the other types on a plain loop.
#pragma once

#include "ops/op.h"

namespace webinfer::ops {

Status InferMatrixProduct(InferContext& ctx);
Status BindMatrixProduct(BindContext& ctx);
// Packs a constant right-hand side.
Status PrepareMatrixProduct(PrepareContext& ctx);

}  // namespace webinfer::ops
