// Operators whose kernels are float32 only serve other types by casts around them.
#pragma once

#include "ops/op.h"

namespace webinfer::ops {

inline bool IsHalf(DType dtype) { return dtype == DType::kFloat16 || dtype == DType::kBfloat16; }

// Lowers the node to itself in float32: inputs of the first one's type (those whose bit is set in `inputs`) are cast before,
// outputs of that type behind.
Status ComputeInFloat32(LowerContext& ctx, uint64_t inputs = ~uint64_t{0});

// `lower` of operators that compute float16 and bfloat16 so and keep every other type.
Status LowerHalf(LowerContext& ctx, bool* done);

}  // namespace webinfer::ops
