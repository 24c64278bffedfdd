// The products of DynamicQuantizeLSTM: rows that are rounded to uint8 by their common range, times weights of 8 bits, as floats
// in the layout of gates (kernels/recurrent.h).
#pragma once

#include "kernels/int8_gemm.h"
#include "ops/op.h"

namespace webinfer::ops {

// One matrix [inputs, 4 gates of `padded` units], prepared: bytes, then a scale and a zero point for each column.
struct QuantizedGates {
  int inputs, padded;
  bool is_signed;
  const uint8_t* memory;
};

size_t QuantizedGatesBytes(int64_t inputs, int64_t padded);
// From [inputs, 4 hidden] bytes; `scales` and `zeros` are one, or one for each of the 4 hidden columns.
struct QuantizedSource {
  const uint8_t *weights, *zeros;
  const float* scales;
  bool is_signed, scale_per_column, zero_per_column;
  int64_t inputs, hidden;
};
Status PackQuantizedGates(const QuantizedSource& source, uint8_t* memory);

size_t QuantizedScratch(int64_t inputs, int64_t padded, int64_t rows, int threads);
// out row r = x row r . W + init row r. Strides in floats; an init stride of 0 is a bias. init may be out.
void MultiplyQuantized(const QuantizedGates& gates, const float* x, int64_t x_stride, int64_t rows, const float* init,
                       int64_t init_stride, float* out, int64_t out_stride, uint8_t* scratch, ThreadPool& pool);

}  // namespace webinfer::ops
