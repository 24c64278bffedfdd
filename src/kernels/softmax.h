// Softmax, its logarithm and Hardmax along one axis of a tensor seen as [outer, length, inner] (kernels/scan.h).
//
// float32 runs in SIMD along the axis (inner 1) or across `inner` (a channel axis before the pixels); other types are widened
// one row at a time, float64 computes in float64. exp has 5 ulp and flushes results below 1e-38 to 0.
#pragma once

#include <cstdint>

#include "kernels/scan.h"

namespace webinfer::kernels {

enum class SoftmaxKind : uint8_t { kSoftmax, kLogSoftmax, kHardmax };

// One row; x and y may be the same.
void SoftmaxRow(const float* x, int64_t length, float* y);

uint64_t SoftmaxScratchBytes(DType dtype, const AxisView& view, SoftmaxKind kind, int threads);
// `output` may be `input`.
void RunSoftmax(DType dtype, const void* input, const AxisView& view, SoftmaxKind kind, void* output, uint8_t* scratch,
                ThreadPool& pool);

}  // namespace webinfer::kernels
