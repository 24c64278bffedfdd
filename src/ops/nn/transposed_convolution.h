// ConvTranspose in its two layouts: the public operator lowers to webinfer.ConvTranspose (ops/nn/fused.h).
#pragma once

#include "ops/op.h"

namespace webinfer::ops {

Status InferConvTranspose(InferContext& ctx);              // [N, C, spatial...]
Status InferChannelsLastConvTranspose(InferContext& ctx);  // [N, spatial..., C]
Status LowerConvTranspose(LowerContext& ctx, bool* done);
Status BindConvTranspose(BindContext& ctx);
Status PrepareConvTranspose(PrepareContext& ctx);

}  // namespace webinfer::ops
