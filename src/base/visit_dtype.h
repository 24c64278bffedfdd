// From an element type as a number to a C++ type: the one type switch of operators that compute on any numeric type.
#pragma once

#include "base/dtype.h"
#include "base/float16.h"
#include "base/status.h"

namespace webinfer {

// float16 and bfloat16 elements: stored as 16 bits, computed as float.
struct Float16 {
  uint16_t bits;
  Float16() = default;
  Float16(float value) : bits(FloatToHalf(value)) {}    // NOLINT: converts like a built-in type
  operator float() const { return HalfToFloat(bits); }  // NOLINT
};

struct Bfloat16 {
  uint16_t bits;
  Bfloat16() = default;
  Bfloat16(float value) : bits(FloatToBfloat(value)) {}   // NOLINT
  operator float() const { return BfloatToFloat(bits); }  // NOLINT
};

// Returns f(T()) with the C++ type of `dtype`'s elements; bool is uint8_t. Complex, string and narrower types are an error.
template <typename F>
Status VisitNumeric(DType dtype, const F& f) {
  switch (dtype) {
    case DType::kFloat32: return f(float());
    case DType::kFloat64: return f(double());
    case DType::kFloat16: return f(Float16());
    case DType::kBfloat16: return f(Bfloat16());
    case DType::kInt64: return f(int64_t());
    case DType::kInt32: return f(int32_t());
    case DType::kInt16: return f(int16_t());
    case DType::kInt8: return f(int8_t());
    case DType::kUint64: return f(uint64_t());
    case DType::kUint32: return f(uint32_t());
    case DType::kUint16: return f(uint16_t());
    case DType::kUint8:
    case DType::kBool: return f(uint8_t());
    default: return Error(Code::kUnsupported, "The operator cannot compute on this element type").Actual("%s", DTypeName(dtype));
  }
}

// The same for operators that are defined on floats only: each type more is one more copy of their code.
template <typename F>
Status VisitFloat(DType dtype, const F& f) {
  switch (dtype) {
    case DType::kFloat32: return f(float());
    case DType::kFloat64: return f(double());
    case DType::kFloat16: return f(Float16());
    case DType::kBfloat16: return f(Bfloat16());
    default: return Error(Code::kUnsupported, "The operator cannot compute on this element type").Actual("%s", DTypeName(dtype));
  }
}

}  // namespace webinfer
