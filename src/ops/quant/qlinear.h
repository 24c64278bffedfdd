// onnxruntime's QLinear* operators as what they mean: dequantise, compute in float, quantise.
#pragma once

#include "ops/op.h"

namespace webinfer::ops {

// The float value of inputs `i` (data), `i` + 1 (scale), `i` + 2 (zero point, may be missing).
ValueId Dequantized(LowerContext& ctx, int i);
// Output 0 is `value`, quantised with the scale and zero point at inputs `scale` and `scale` + 1. Without a zero point it is 0
// of the type of input `like`.
Status ReturnQuantized(LowerContext& ctx, ValueId value, int scale, int like = 0);

// op(a) or op(a, b) with the node's attributes.
template <int operands>
Status LowerQLinear(LowerContext& ctx, const char* op) {
  std::vector<ValueId> values;
  for (int i = 0; i < operands; ++i) values.push_back(Dequantized(ctx, 3 * i));
  const ValueId result = ctx.Add(op, std::move(values));
  ctx.Last().attributes = ctx.attributes();
  return ReturnQuantized(ctx, result, 3 * operands);
}

// Pools over NCHW, or NHWC with attribute channels_last.
Status LowerQLinearPool(LowerContext& ctx, const char* op);

}  // namespace webinfer::ops
