#include "base/dtype.h"

namespace webinfer {

namespace {

enum Kind : uint8_t { kOther, kFloating, kSignedInteger, kUnsignedInteger };

struct Info {
  const char* name;
  uint8_t bits;
  Kind kind;
};

// clang-format off
constexpr Info kInfo[kDTypeCount] = {
    {"undefined", 0, kOther},           {"float32", 32, kFloating},          {"uint8", 8, kUnsignedInteger},
    {"int8", 8, kSignedInteger},        {"uint16", 16, kUnsignedInteger},    {"int16", 16, kSignedInteger},
    {"int32", 32, kSignedInteger},      {"int64", 64, kSignedInteger},       {"string", 8 * sizeof(void*), kOther},
    {"bool", 8, kOther},                {"float16", 16, kFloating},          {"float64", 64, kFloating},
    {"uint32", 32, kUnsignedInteger},   {"uint64", 64, kUnsignedInteger},    {"complex64", 64, kOther},
    {"complex128", 128, kOther},        {"bfloat16", 16, kFloating},         {"float8e4m3fn", 8, kFloating},
    {"float8e4m3fnuz", 8, kFloating},   {"float8e5m2", 8, kFloating},        {"float8e5m2fnuz", 8, kFloating},
    {"uint4", 4, kUnsignedInteger},     {"int4", 4, kSignedInteger},         {"float4e2m1", 4, kFloating},
    {"float8e8m0", 8, kFloating},       {"uint2", 2, kUnsignedInteger},      {"int2", 2, kSignedInteger},
};
// clang-format on

const Info& InfoOf(DType dtype) {
  const auto index = static_cast<uint8_t>(dtype);
  return kInfo[index < kDTypeCount ? index : 0];
}

}  // namespace

int DTypeBits(DType dtype) { return InfoOf(dtype).bits; }
const char* DTypeName(DType dtype) { return InfoOf(dtype).name; }
bool IsFloat(DType dtype) { return InfoOf(dtype).kind == kFloating; }
bool IsInteger(DType dtype) { return InfoOf(dtype).kind == kSignedInteger || InfoOf(dtype).kind == kUnsignedInteger; }
bool IsSigned(DType dtype) { return InfoOf(dtype).kind == kFloating || InfoOf(dtype).kind == kSignedInteger; }

}  // namespace webinfer
