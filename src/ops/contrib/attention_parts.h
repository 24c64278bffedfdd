// What onnxruntime's attention operators share when they lower to ONNX's Attention.
#pragma once

#include "ops/op.h"

namespace webinfer::ops {

// Where the number of keys can be read: an axis of an input, and of the past if there is one.
struct KeyTokens {
  int input, axis;
  int past, past_axis;
};

// Attention's mask from `key_mask` and `bias` (added to the scores); kNoValue if the node has neither. Keys that do not count get
// mask_filter_value. A key mask is 0 where a key does not count, [batch, keys], [batch, queries, keys] or [batch, 1, most tokens,
// most tokens]; or it says where sequences end, [batch], and where they start behind that, [2 batch].
Result<ValueId> CombineMasks(LowerContext& ctx, int key_mask, int bias, const KeyTokens& tokens);

// Sets the attributes of the Attention that was added last; the scale is the lowered node's.
void SetAttention(LowerContext& ctx, int64_t query_heads, int64_t key_heads, bool causal);

}  // namespace webinfer::ops
