// Operators whose kernels are float32 only serve other types by casts around them.
#pragma once

#include "ops/op.h"

namespace webinfer::ops {

inline bool IsHalf(DType dtype) { return dtype == DType::kFloat16 || dtype == DType::kBfloat16; }
// A float that float32 kernels serve by casts.
inline bool IsOtherFloat(DType dtype) { return IsHalf(dtype) || dtype == DType::kFloat64; }

// Lowers the node to itself in float32: inputs of the first one's type or of another width of float (those whose bit is set in
// `inputs`) are cast before, outputs of such types behind. Inputs in `integers` are cast too if they are integers.
Status ComputeInFloat32(LowerContext& ctx, uint64_t inputs = ~uint64_t{0}, uint64_t integers = 0);

// `lower` of operators that compute float16 and bfloat16 so and keep every other type.
Status LowerHalf(LowerContext& ctx, bool* done);

// `lower` of operators whose kernel takes float32 alone: another width of float at any input is computed so.
Status LowerToFloat32(LowerContext& ctx, bool* done);

}  // namespace webinfer::ops
