#include "kernels/elements.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "base/float16.h"
#include "base/float8.h"

namespace webinfer::kernels {

namespace {

template <typename T>
T* As(void* p) {
  return static_cast<T*>(p);
}
template <typename T>
const T* As(const void* p) {
  return static_cast<const T*>(p);
}

template <typename From, typename To>
void Widen(const void* data, int64_t offset, int64_t count, void* out) {
  const From* from = As<From>(data) + offset;
  To* to = As<To>(out);
  if constexpr (std::is_same_v<From, To>) {
    std::memcpy(to, from, static_cast<size_t>(count) * sizeof(To));
  } else {
    for (int64_t i = 0; i < count; ++i) to[i] = static_cast<To>(from[i]);
  }
}

template <typename From, typename To>
void Narrow(const void* in, int64_t offset, int64_t count, void* data) {
  const From* from = As<From>(in);
  To* to = As<To>(data) + offset;
  if constexpr (std::is_same_v<From, To>) {
    std::memcpy(to, from, static_cast<size_t>(count) * sizeof(To));
  } else {
    for (int64_t i = 0; i < count; ++i) to[i] = static_cast<To>(from[i]);
  }
}

// The code of element i of a type of `bits` < 8 bits.
uint8_t PackedCode(const void* data, int64_t i, int bits) {
  const int64_t bit = i * bits;
  return static_cast<uint8_t>((As<uint8_t>(data)[bit >> 3] >> (bit & 7)) & ((1 << bits) - 1));
}

// Elements are written in order: the first of a byte clears the rest of it, so that the bits behind the last one are 0.
void SetPackedCode(void* data, int64_t i, int bits, int code) {
  const int64_t bit = i * bits;
  const int shift = static_cast<int>(bit & 7), mask = (1 << bits) - 1;
  uint8_t& byte = As<uint8_t>(data)[bit >> 3];
  const int before = byte & ((1 << shift) - 1);
  byte = static_cast<uint8_t>(before | ((code & mask) << shift));
}

void LoadPackedIntegers(DType dtype, const void* data, int64_t offset, int64_t count, int32_t* out) {
  const int bits = DTypeBits(dtype), flip = IsSigned(dtype) ? 1 << (bits - 1) : 0;
  for (int64_t i = 0; i < count; ++i) out[i] = (PackedCode(data, offset + i, bits) ^ flip) - flip;
}

}  // namespace

void LoadElements(DType dtype, const void* data, int64_t offset, int64_t count, void* out) {
  switch (dtype) {
    case DType::kFloat32: return Widen<float, float>(data, offset, count, out);
    case DType::kFloat64: return Widen<double, double>(data, offset, count, out);
    case DType::kInt32: return Widen<int32_t, int32_t>(data, offset, count, out);
    case DType::kInt16: return Widen<int16_t, int32_t>(data, offset, count, out);
    case DType::kUint16: return Widen<uint16_t, int32_t>(data, offset, count, out);
    case DType::kInt8: return Widen<int8_t, int32_t>(data, offset, count, out);
    case DType::kUint8: return Widen<uint8_t, int32_t>(data, offset, count, out);
    case DType::kInt64: return Widen<int64_t, int64_t>(data, offset, count, out);
    case DType::kUint32: return Widen<uint32_t, int64_t>(data, offset, count, out);
    case DType::kUint64: return Widen<uint64_t, uint64_t>(data, offset, count, out);
    case DType::kBool:
      for (int64_t i = 0; i < count; ++i) As<uint8_t>(out)[i] = As<uint8_t>(data)[offset + i] != 0;
      return;
    case DType::kFloat16:
      for (int64_t i = 0; i < count; ++i) As<float>(out)[i] = HalfToFloat(As<uint16_t>(data)[offset + i]);
      return;
    case DType::kBfloat16:
      for (int64_t i = 0; i < count; ++i) As<float>(out)[i] = BfloatToFloat(As<uint16_t>(data)[offset + i]);
      return;
    case DType::kFloat8E4M3FN:
    case DType::kFloat8E4M3FNUZ:
    case DType::kFloat8E5M2:
    case DType::kFloat8E5M2FNUZ:
    case DType::kFloat8E8M0:
      for (int64_t i = 0; i < count; ++i) As<float>(out)[i] = SmallFloatToFloat(dtype, As<uint8_t>(data)[offset + i]);
      return;
    case DType::kFloat4E2M1:
      for (int64_t i = 0; i < count; ++i) As<float>(out)[i] = SmallFloatToFloat(dtype, PackedCode(data, offset + i, 4));
      return;
    default: return LoadPackedIntegers(dtype, data, offset, count, As<int32_t>(out));
  }
}

void SplatElement(DType dtype, const void* data, int64_t offset, int64_t count, void* out) {
  ScalarType type;
  if (!ScalarTypeOf(dtype, &type)) return;
  alignas(8) uint8_t element[8];
  LoadElements(dtype, data, offset, 1, element);
  switch (ScalarTypeBytes(type)) {
    case 1: std::memset(out, element[0], static_cast<size_t>(count)); return;
    case 4:
      for (int64_t i = 0; i < count; ++i) As<uint32_t>(out)[i] = *As<uint32_t>(element);
      return;
    default:
      for (int64_t i = 0; i < count; ++i) As<uint64_t>(out)[i] = *As<uint64_t>(element);
      return;
  }
}

void StoreElements(DType dtype, const void* in, int64_t offset, int64_t count, void* data, bool saturate) {
  switch (dtype) {
    case DType::kFloat32: return Narrow<float, float>(in, offset, count, data);
    case DType::kFloat64: return Narrow<double, double>(in, offset, count, data);
    case DType::kInt32: return Narrow<int32_t, int32_t>(in, offset, count, data);
    case DType::kInt16:
    case DType::kUint16: return Narrow<int32_t, uint16_t>(in, offset, count, data);
    case DType::kInt8:
    case DType::kUint8: return Narrow<int32_t, uint8_t>(in, offset, count, data);
    case DType::kInt64: return Narrow<int64_t, int64_t>(in, offset, count, data);
    case DType::kUint32: return Narrow<int64_t, uint32_t>(in, offset, count, data);
    case DType::kUint64: return Narrow<uint64_t, uint64_t>(in, offset, count, data);
    case DType::kBool: return Narrow<uint8_t, uint8_t>(in, offset, count, data);
    case DType::kFloat16:
      for (int64_t i = 0; i < count; ++i) As<uint16_t>(data)[offset + i] = FloatToHalf(As<float>(in)[i]);
      return;
    case DType::kBfloat16:
      for (int64_t i = 0; i < count; ++i) As<uint16_t>(data)[offset + i] = FloatToBfloat(As<float>(in)[i]);
      return;
    case DType::kFloat8E4M3FN:
    case DType::kFloat8E4M3FNUZ:
    case DType::kFloat8E5M2:
    case DType::kFloat8E5M2FNUZ:
      for (int64_t i = 0; i < count; ++i) As<uint8_t>(data)[offset + i] = FloatToSmallFloat(dtype, As<float>(in)[i], saturate);
      return;
    case DType::kFloat8E8M0:
      for (int64_t i = 0; i < count; ++i) As<uint8_t>(data)[offset + i] = FloatToE8M0(As<float>(in)[i], saturate);
      return;
    case DType::kFloat4E2M1:
      for (int64_t i = 0; i < count; ++i) SetPackedCode(data, offset + i, 4, FloatToSmallFloat(dtype, As<float>(in)[i], true));
      return;
    default: {
      const int bits = DTypeBits(dtype);
      for (int64_t i = 0; i < count; ++i) SetPackedCode(data, offset + i, bits, As<int32_t>(in)[i]);
    }
  }
}

namespace {

template <typename From, typename To>
To Convert(From x) {
  if constexpr (std::is_same_v<To, bool>) {
    return x != 0;
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    if (!(x == x)) return 0;
    if (x <= static_cast<From>(std::numeric_limits<To>::min())) return std::numeric_limits<To>::min();
    if (x >= static_cast<From>(std::numeric_limits<To>::max())) return std::numeric_limits<To>::max();
    return static_cast<To>(x);
  } else {
    return static_cast<To>(x);
  }
}

template <typename From, typename To>
void ConvertTo(const void* in, int64_t count, void* out) {
  for (int64_t i = 0; i < count; ++i) As<To>(out)[i] = Convert<From, To>(As<From>(in)[i]);
}

template <typename From>
void ConvertFrom(ScalarType to, const void* in, int64_t count, void* out) {
  switch (to) {
    case ScalarType::kFloat32: return ConvertTo<From, float>(in, count, out);
    case ScalarType::kFloat64: return ConvertTo<From, double>(in, count, out);
    case ScalarType::kInt32: return ConvertTo<From, int32_t>(in, count, out);
    case ScalarType::kInt64: return ConvertTo<From, int64_t>(in, count, out);
    case ScalarType::kUint64: return ConvertTo<From, uint64_t>(in, count, out);
    case ScalarType::kBool: return ConvertTo<From, bool>(in, count, out);
  }
}

}  // namespace

void ConvertBlock(ScalarType from, ScalarType to, const void* in, int64_t count, void* out) {
  switch (from) {
    case ScalarType::kFloat32: return ConvertFrom<float>(to, in, count, out);
    case ScalarType::kFloat64: return ConvertFrom<double>(to, in, count, out);
    case ScalarType::kInt32: return ConvertFrom<int32_t>(to, in, count, out);
    case ScalarType::kInt64: return ConvertFrom<int64_t>(to, in, count, out);
    case ScalarType::kUint64: return ConvertFrom<uint64_t>(to, in, count, out);
    case ScalarType::kBool: return ConvertFrom<bool>(to, in, count, out);
  }
}

namespace {

constexpr int64_t kConverted = 64;  // elements converted at once

}  // namespace

void LoadFloats(DType dtype, const void* data, int64_t offset, int64_t count, float* out) {
  ScalarType type;
  if (!ScalarTypeOf(dtype, &type)) return;
  if (type == ScalarType::kFloat32) return LoadElements(dtype, data, offset, count, out);
  alignas(8) uint8_t block[kConverted * 8];
  for (int64_t done = 0; done < count; done += kConverted) {
    const int64_t n = count - done < kConverted ? count - done : kConverted;
    LoadElements(dtype, data, offset + done, n, block);
    ConvertBlock(type, ScalarType::kFloat32, block, n, out + done);
  }
}

void StoreFloats(DType dtype, const float* in, int64_t offset, int64_t count, void* data) {
  ScalarType type;
  if (!ScalarTypeOf(dtype, &type)) return;
  if (type == ScalarType::kFloat32) return StoreElements(dtype, in, offset, count, data);
  alignas(8) uint8_t block[kConverted * 8];
  for (int64_t done = 0; done < count; done += kConverted) {
    const int64_t n = count - done < kConverted ? count - done : kConverted;
    ConvertBlock(ScalarType::kFloat32, type, in + done, n, block);
    StoreElements(dtype, block, offset + done, n, data);
  }
}

bool ReadNumber(DType dtype, const void* data, int64_t offset, double* value) {
  ScalarType type;
  if (!ScalarTypeOf(dtype, &type)) return false;
  alignas(8) uint8_t element[8];
  LoadElements(dtype, data, offset, 1, element);
  ConvertBlock(type, ScalarType::kFloat64, element, 1, value);
  return true;
}

}  // namespace webinfer::kernels
