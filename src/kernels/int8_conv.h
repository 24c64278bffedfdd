// Convolution over channels-last images of bytes; sums, zero points and outputs are those of kernels/int8_gemm.h. Padding is the
// zero point of the image.
#pragma once

#include "kernels/conv.h"
#include "kernels/int8_gemm.h"

namespace webinfer::kernels {

// ONNX's weights [filters, channels / group, kernel...].
struct Int8Filters {
  const void* data = nullptr;
  bool is_signed = true;
  const void* zero = nullptr;  // of the weights' type: one, or one per filter; nullptr: 0
  bool zero_per_filter = false;
};

struct Int8Conv {
  ConvGeometry geometry;
  const void* x = nullptr;
  bool x_signed = false;
  int x_zero = 0;
  Int8Filters filters;           // `data` is not read
  const void* packed = nullptr;  // what PackInt8Conv made of them
  Int8Dot dot = Int8Dot::kWiden;
  void* y = nullptr;
  Int8Output output;  // arrays per filter
};

size_t PackedInt8ConvBytes(const ConvGeometry& g);
void PackInt8Conv(const ConvGeometry& g, const Int8Filters& filters, Int8Dot dot, void* packed);

size_t Int8ConvScratch(const ConvGeometry& g, int threads);  // bytes
void RunInt8Conv(const Int8Conv& conv, void* scratch, ThreadPool& pool);

}  // namespace webinfer::kernels
