// Normalisation of rows to zero mean and unit variance: layer, RMS, group and instance normalisation, local response.
//
// Everything computes in float32; other types are widened a row at a time. The mean is taken first and the variance from the
// differences, so large means cost no digits.
#pragma once

#include <cstdint>

#include "base/dtype.h"
#include "base/thread_pool.h"

namespace webinfer::kernels {

struct Numbers {  // elements of some type; data may be null where the operand is optional
  DType dtype = DType::kFloat32;
  const void* data = nullptr;
};
struct MutableNumbers {
  DType dtype = DType::kFloat32;
  void* data = nullptr;
};

// y = (x - mean) / sqrt(var + epsilon) * scale + bias over rows of `length`; not centred: y = x / sqrt(mean(x^2) + epsilon) ...
struct LayerNorm {
  int64_t rows = 0, length = 0;
  float epsilon = 0;
  bool centred = true;
  int64_t skip_rows = 0;                  // rows after which `skip` repeats; 0: no skip
  int64_t scale_rows = 1, bias_rows = 1;  // rows after which scale and bias repeat
};
struct LayerNormOperands {
  Numbers x, skip, skip_bias, scale, bias;  // x + skip + skip_bias is what is normalised
  MutableNumbers y, mean, inverse_deviation, sum;
};
uint64_t LayerNormScratchBytes(const LayerNorm& norm, int threads);
void RunLayerNorm(const LayerNorm& norm, const LayerNormOperands& operands, uint8_t* scratch, ThreadPool& pool);

// x [batch, groups, channels, spatial]: each group has a mean and variance; scale and bias are per channel of the whole tensor,
// or per group.
struct GroupNorm {
  int64_t batch = 0, groups = 0, channels = 0, spatial = 0;
  float epsilon = 0;
  bool per_group = false;
};
uint64_t GroupNormScratchBytes(const GroupNorm& norm, DType dtype, int threads);
void RunGroupNorm(const GroupNorm& norm, Numbers x, Numbers scale, Numbers bias, MutableNumbers y, uint8_t* scratch,
                  ThreadPool& pool);

// y = x / (bias + alpha / size * (sum of x^2 over `size` channels around))^beta of x [batch, channels, spatial].
struct LocalResponse {
  int64_t batch = 0, channels = 0, spatial = 0, size = 1;
  float alpha = 0, beta = 0, bias = 0;
};
void RunLocalResponse(const LocalResponse& norm, const float* x, float* y, ThreadPool& pool);

}  // namespace webinfer::kernels
