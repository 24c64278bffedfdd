// Linear quantisation: q = saturate(round(x / scale) + zero_point) and back, with one scale for a tensor, one for each index of
// an axis, or one for each block along an axis. Any element types; arithmetic is float32, rounding to even.
#pragma once

#include <cstdint>

#include "base/dtype.h"
#include "base/thread_pool.h"
#include "kernels/normalize.h"
#include "kernels/scan.h"

namespace webinfer::kernels {

struct Quantization {
  AxisView view;      // per tensor: {1, 1, elements}
  int64_t block = 0;  // 0: scales follow the axis (or there is one); else [outer, ceil(length / block), inner] scales
  bool per_axis = false;
  bool saturate = true;  // of float8 results
};

// `zero_point` may have no data: zero.
void Quantize(const Quantization& q, Numbers x, Numbers scale, Numbers zero_point, MutableNumbers y, ThreadPool& pool);
void Dequantize(const Quantization& q, Numbers x, Numbers scale, Numbers zero_point, MutableNumbers y, ThreadPool& pool);

}  // namespace webinfer::kernels
