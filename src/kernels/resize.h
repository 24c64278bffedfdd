// Resampling of tensors, one axis at a time: every output along an axis is a weighted sum of a few inputs along it.
#pragma once

#include <cstdint>

#include "base/thread_pool.h"

namespace webinfer::kernels {

// The tensor as [outer][in][inner] -> [outer][out][inner]; output j is the sum over t of weights[j * taps + t] times input
// indices[j * taps + t].
struct ResizeAxis {
  int64_t outer = 1, in = 1, out = 1, inner = 1;
  int taps = 1;
  const int32_t* indices = nullptr;
  const float* weights = nullptr;
  const uint8_t* outside = nullptr;  // outputs that get `outside_value` instead; nullptr: none
  float outside_value = 0;
};

void RunResizeAxis(const ResizeAxis& axis, const float* x, float* y, ThreadPool& pool);

// Nearest neighbours along up to 8 axes at once, of elements of any size: output (j0, j1, ...) is input
// (indices[0][j0], indices[1][j1], ...).
struct ResizeNearest {
  int rank = 0;
  int64_t in[8], out[8];
  const int32_t* indices[8];
  int64_t block_bytes = 0;  // what lies under one index of the last axis
};

void RunResizeNearest(const ResizeNearest& resize, const void* x, void* y, ThreadPool& pool);

}  // namespace webinfer::kernels
