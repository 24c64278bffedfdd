// Operands of attention: where heads lie in a tensor, and how a mask broadcasts.
#pragma once

#include "kernels/attention.h"
#include "ops/op.h"

namespace webinfer::ops {

struct Heads {
  int64_t batch = kUnknownDim, heads = kUnknownDim, tokens = kUnknownDim, size = kUnknownDim;
};

// Strides of a dense [batch, heads, tokens, size], or [batch, tokens, heads, size] if heads are interleaved token by token.
kernels::HeadStrides StridesOf(const Heads& heads, bool interleaved);

// Input `mask` (bool or float32, if present) broadcasts to [batch, heads, queries, keys]; it may end before the keys do.
Status BindMask(const InferContext& ctx, int mask, kernels::Attention* attention);
void SetMask(const Operand& mask, kernels::Attention* attention);

}  // namespace webinfer::ops
