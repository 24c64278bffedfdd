// What QuantizeLinear and DequantizeLinear share: how scales lie along the tensor (per tensor, per axis, blocked).
#pragma once

#include "kernels/quantize.h"
#include "ops/op.h"

namespace webinfer::ops {

Status InferQuantizeLinear(InferContext& ctx);
Status InferDequantizeLinear(InferContext& ctx);
Status BindQuantizeLinear(BindContext& ctx);
Status BindDequantizeLinear(BindContext& ctx);

}  // namespace webinfer::ops
