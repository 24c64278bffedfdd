// The 8-bit and 4-bit floats of ONNX <-> float32: OCP's E4M3FN, E5M2, E2M1 and E8M0, and the FNUZ forms (no infinities, one
// zero, one NaN at 0x80). Rounding is to nearest, ties to even.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "base/dtype.h"

namespace webinfer {

struct SmallFloat {
  int exponent_bits, mantissa_bits, bias;
  bool infinity;  // IEEE-like: the largest exponent holds infinity and NaN
  bool fnuz;
};

constexpr SmallFloat SmallFloatOf(DType dtype) {
  switch (dtype) {
    case DType::kFloat8E4M3FN: return {4, 3, 7, false, false};
    case DType::kFloat8E4M3FNUZ: return {4, 3, 8, false, true};
    case DType::kFloat8E5M2: return {5, 2, 15, true, false};
    case DType::kFloat8E5M2FNUZ: return {5, 2, 16, false, true};
    default: return {2, 1, 1, false, false};  // E2M1
  }
}

inline float SmallFloatToFloat(DType dtype, uint8_t bits) {
  if (dtype == DType::kFloat8E8M0) return bits == 255 ? std::nanf("") : std::ldexp(1.0f, bits - 127);
  const SmallFloat f = SmallFloatOf(dtype);
  const int sign_bit = f.exponent_bits + f.mantissa_bits;
  const int exponent = (bits >> f.mantissa_bits) & ((1 << f.exponent_bits) - 1), mantissa = bits & ((1 << f.mantissa_bits) - 1);
  const bool negative = ((bits >> sign_bit) & 1) != 0;
  if (f.fnuz && bits == 0x80) return std::nanf("");
  const bool top = exponent == (1 << f.exponent_bits) - 1;
  if (f.infinity && top) return mantissa != 0 ? std::nanf("") : negative ? -INFINITY : INFINITY;
  if (dtype == DType::kFloat8E4M3FN && top && mantissa == 7) return std::nanf("");
  const float magnitude =
      exponent == 0 ? std::ldexp(static_cast<float>(mantissa), 1 - f.bias - f.mantissa_bits)
                    : std::ldexp(static_cast<float>(mantissa + (1 << f.mantissa_bits)), exponent - f.bias - f.mantissa_bits);
  return negative ? -magnitude : magnitude;
}

// The largest finite code without its sign.
constexpr uint8_t SmallFloatLargest(DType dtype) {
  switch (dtype) {
    case DType::kFloat8E4M3FN: return 0x7e;
    case DType::kFloat8E5M2: return 0x7b;
    case DType::kFloat4E2M1: return 0x7;
    default: return 0x7f;
  }
}

// E2M1 has no NaN and gives -0, as ml_dtypes does.
// Values beyond the largest finite one (infinities included) become it when `saturate` is set, else infinity or NaN.
inline uint8_t FloatToSmallFloat(DType dtype, float value, bool saturate) {
  const SmallFloat f = SmallFloatOf(dtype);
  const auto sign = static_cast<uint8_t>(std::signbit(value) ? 1 << (f.exponent_bits + f.mantissa_bits) : 0);
  const uint8_t largest = SmallFloatLargest(dtype);
  const bool four_bit = dtype == DType::kFloat4E2M1;
  if (std::isnan(value)) return four_bit ? 0x8 : f.fnuz ? 0x80 : static_cast<uint8_t>(sign | (f.infinity ? 0x7e : 0x7f));
  const auto overflow = [&]() -> uint8_t {
    if (saturate || four_bit) return sign | largest;
    return f.fnuz ? 0x80 : f.infinity ? sign | 0x7c : sign | 0x7f;
  };
  const float magnitude = std::fabs(value);
  if (std::isinf(magnitude)) return overflow();
  int exponent = 0;
  std::frexp(magnitude, &exponent);  // magnitude = [0.5, 1) * 2^exponent
  int step = exponent - 1 - f.mantissa_bits;
  const int lowest = 1 - f.bias - f.mantissa_bits;
  if (magnitude == 0 || step < lowest) step = lowest;
  const auto units = static_cast<int>(std::nearbyint(std::ldexp(magnitude, -step)));
  const int code = units + ((step - lowest) << f.mantissa_bits);  // the carry into the exponent comes by itself
  if (code > largest) return overflow();
  if (f.fnuz && code == 0) return 0;
  return static_cast<uint8_t>(sign | code);
}

// The next power of two that is not smaller (ONNX's round mode "up", its default).
inline uint8_t FloatToE8M0(float value, bool saturate) {
  if (std::isnan(value) || std::signbit(value)) return 255;
  if (std::isinf(value)) return saturate ? 254 : 255;
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  int exponent = static_cast<int>(bits >> 23);
  const uint32_t mantissa = bits & 0x7fffffu;
  if (mantissa > 0 && (exponent > 0 || mantissa > 0x400000u)) ++exponent;
  if (exponent > 254) return saturate ? 254 : 255;
  return static_cast<uint8_t>(exponent);
}

}  // namespace webinfer
