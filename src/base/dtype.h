// Element types, numbered as ONNX's TensorProto.DataType so that files and engine speak the same numbers.
#pragma once

#include <cstddef>
#include <cstdint>

namespace webinfer {

enum class DType : uint8_t {
  kUndefined = 0,
  kFloat32 = 1,
  kUint8 = 2,
  kInt8 = 3,
  kUint16 = 4,
  kInt16 = 5,
  kInt32 = 6,
  kInt64 = 7,
  kString = 8,
  kBool = 9,
  kFloat16 = 10,
  kFloat64 = 11,
  kUint32 = 12,
  kUint64 = 13,
  kComplex64 = 14,
  kComplex128 = 15,
  kBfloat16 = 16,
  kFloat8E4M3FN = 17,
  kFloat8E4M3FNUZ = 18,
  kFloat8E5M2 = 19,
  kFloat8E5M2FNUZ = 20,
  kUint4 = 21,
  kInt4 = 22,
  kFloat4E2M1 = 23,
  kFloat8E8M0 = 24,
  kUint2 = 25,
  kInt2 = 26,
};
inline constexpr int kDTypeCount = 27;

// Bits one element takes in memory; a string element is a pointer, see tensor/string_tensor.h.
int DTypeBits(DType dtype);

// Whole bytes of one element; 0 for types narrower than a byte.
inline size_t DTypeBytes(DType dtype) { return static_cast<size_t>(DTypeBits(dtype)) / 8; }

// Bytes of `count` elements; types narrower than a byte are packed, low bits first, and rounded up.
inline uint64_t BytesOf(DType dtype, uint64_t count) { return (count * static_cast<uint64_t>(DTypeBits(dtype)) + 7) / 8; }

// onnxruntime's name: "float32", "int64", ... ; "undefined" for numbers outside the enum.
const char* DTypeName(DType dtype);

bool IsFloat(DType dtype);    // float64, float32, float16, bfloat16, float8*, float4
bool IsInteger(DType dtype);  // signed and unsigned, without bool
bool IsSigned(DType dtype);

}  // namespace webinfer
