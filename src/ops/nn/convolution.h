// Conv in its two layouts: the public operator lowers to webinfer.Conv (ops/nn/fused.h), which runs on kernels/conv.h,
// depthwise.h or winograd.h.
#pragma once

#include "kernels/conv.h"
#include "ops/nn/window.h"
#include "ops/op.h"

namespace webinfer::ops {

Status InferConv(InferContext& ctx);              // [N, C, spatial...]
Status InferChannelsLastConv(InferContext& ctx);  // [N, spatial..., C]
Status LowerConv(LowerContext& ctx, bool* done);
Status BindConv(BindContext& ctx);
// Packs constant weights. Winograd's form comes on top where it is faster and the budget for second copies allows.
Status PrepareConv(PrepareContext& ctx);
// Floats of constant weights as PrepareConv packs them: for the direct kernels, and as Winograd's second form, 0 if that is not
// wanted. With all shapes known one of the two is made, else both are.
uint64_t PackedWeightFloats(const kernels::ConvGeometry& geometry);
uint64_t TransformedWeightFloats(const kernels::ConvGeometry& geometry, bool shapes_known);

// The rules, for other convolutions too. `weights` says which input they are.
Result<Shape> ConvOutputShape(const InferContext& ctx, int weights, ImageAxes axes);
// Of inputs x (channels last) and w; complete but for sizes that are not known yet.
Status ReadConvGeometry(const InferContext& ctx, const Shape& out, kernels::ConvGeometry* geometry);

}  // namespace webinfer::ops
