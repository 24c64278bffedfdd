// GroupNorm and SkipGroupNorm: ONNX's GroupNormalization of images [N, spatial..., C] or [N, C, spatial...], with an activation.
#pragma once

#include "ops/contrib/compose.h"

namespace webinfer::ops {

// The normalised `x`, whose rank is `rank`; gamma and beta are inputs 1 and 2 of the node.
Result<ValueId> AddGroupNorm(LowerContext& ctx, ValueId x, int rank);

}  // namespace webinfer::ops
