// What onnxruntime's attention operators share when they lower to ONNX's Attention.
#pragma once

#include "ops/op.h"

namespace webinfer::ops {

// Attention's mask from `key_mask` ([batch, keys], not 0: the key counts) and `bias` (added to the scores); kNoValue if the
// node has neither. Keys that do not count get mask_filter_value.
Result<ValueId> CombineMasks(LowerContext& ctx, int key_mask, int bias);

}  // namespace webinfer::ops
