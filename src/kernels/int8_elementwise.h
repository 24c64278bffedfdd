// Elementwise work on bytes that stand for reals: real = scale * (byte - zero point). Results equal those of dequantising to
// float32, computing, and quantising again, bit for bit.
#pragma once

#include <cstddef>
#include <cstdint>

namespace webinfer::kernels {

struct ByteScale {
  float scale = 1;
  int zero_point = 0;
  bool is_signed = false;
};

// The sum of two, within [low, high] counted from the least byte.
void AddBytes(const uint8_t* a, const ByteScale& a_scale, const uint8_t* b, const ByteScale& b_scale, size_t count,
              const ByteScale& to, int low, int high, uint8_t* y);

void LookUpBytes(const uint8_t* x, size_t count, const uint8_t* table, uint8_t* y);

struct FloatRange {
  float low, high;
};
// Of 0 and all values; NaN is left out.
FloatRange RangeWithZero(const float* x, size_t count);
// DynamicQuantizeLinear's uint8 scale and zero point for numbers of that range.
ByteScale UnsignedScale(const FloatRange& range);

}  // namespace webinfer::kernels
