// Batches of sequences without their padding: tokens [count, size], and token_offset [batch, length], the flat places of the
// tokens in the padded batch, followed by those of the padding.
#pragma once

#include "ops/contrib/compose.h"

namespace webinfer::ops {

// The places of the tokens, int64 [count, 1].
Result<ValueId> TokenPlaces(LowerContext& ctx, ValueId tokens, ValueId offsets);
// [count, size] -> [batch, length, size].
Result<ValueId> WithPadding(LowerContext& ctx, ValueId tokens, ValueId offsets);
// [batch, length, size] -> [count, size], with as many tokens as `like` has rows.
Result<ValueId> WithoutPadding(LowerContext& ctx, ValueId padded, ValueId offsets, ValueId like);

// Attention of packed sequences: com.microsoft.MultiHeadAttention in between. `sides` are [count, size] each.
Result<ValueId> PackedAttention(LowerContext& ctx, const ValueId* sides, ValueId bias, ValueId offsets, ValueId cumulated,
                                ValueId attention_bias);

}  // namespace webinfer::ops
