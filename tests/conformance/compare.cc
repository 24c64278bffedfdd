#include "compare.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "base/float16.h"

namespace webinfer::conformance {

namespace {

template <typename T>
double At(const Tensor& tensor, int64_t i) {
  return static_cast<double>(tensor.As<T>()[i]);
}

// Element i as a number; types without a machine type are compared by their bits.
double NumberAt(const Tensor& tensor, int64_t i) {
  switch (tensor.dtype) {
    case DType::kFloat32: return At<float>(tensor, i);
    case DType::kFloat64: return At<double>(tensor, i);
    case DType::kFloat16: return HalfToFloat(tensor.As<uint16_t>()[i]);
    case DType::kBfloat16: return BfloatToFloat(tensor.As<uint16_t>()[i]);
    case DType::kInt8: return At<int8_t>(tensor, i);
    case DType::kInt16: return At<int16_t>(tensor, i);
    case DType::kInt32: return At<int32_t>(tensor, i);
    case DType::kUint16: return At<uint16_t>(tensor, i);
    case DType::kUint32: return At<uint32_t>(tensor, i);
    default: return At<uint8_t>(tensor, i);
  }
}

std::string Format(const char* format, auto... values) {
  char text[512];
  std::snprintf(text, sizeof(text), format, values...);
  return text;
}

bool IsNaN8(DType dtype, uint8_t bits) {
  switch (dtype) {
    case DType::kFloat8E4M3FN: return (bits & 0x7f) == 0x7f;
    case DType::kFloat8E5M2: return (bits & 0x7f) > 0x7c;
    case DType::kFloat8E4M3FNUZ:
    case DType::kFloat8E5M2FNUZ: return bits == 0x80;
    case DType::kFloat8E8M0: return bits == 0xff;
    default: return false;
  }
}

std::string BytesDifference(const Tensor& got, const Tensor& want) {
  const uint64_t bytes = want.view().bytes();
  const uint64_t padding =
      bytes * 8 - static_cast<uint64_t>(want.shape.Elements()) * static_cast<uint64_t>(DTypeBits(want.dtype));
  for (uint64_t i = 0; i < bytes; ++i) {
    uint8_t a = got.As<uint8_t>()[i], b = want.As<uint8_t>()[i];
    if (i + 1 == bytes && padding > 0) {
      const auto used = static_cast<uint8_t>(0xff >> padding);
      a &= used;
      b &= used;
    }
    if (a != b && !(IsNaN8(want.dtype, a) && IsNaN8(want.dtype, b))) {
      return Format("byte %llu is %d, expected %d", static_cast<unsigned long long>(i), got.As<uint8_t>()[i],
                    want.As<uint8_t>()[i]);
    }
  }
  return "";
}

std::string StringDifference(const Tensor& got, const Tensor& want) {
  for (int64_t i = 0; i < want.shape.Elements(); ++i) {
    const std::string a(got.As<const StringData*>()[i]->view()), b(want.As<const StringData*>()[i]->view());
    if (a != b) return Format("[%lld] is \"%.60s\", expected \"%.60s\"", static_cast<long long>(i), a.c_str(), b.c_str());
  }
  return "";
}

std::string TensorDifference(const Tensor& got, const Tensor& want, const Tolerance& tolerance) {
  if (got.dtype != want.dtype) return Format("type %s, expected %s", DTypeName(got.dtype), DTypeName(want.dtype));
  if (!(got.shape == want.shape)) return Format("shape %s, expected %s", ShapeText(got.shape).text, ShapeText(want.shape).text);
  if (want.dtype == DType::kString) return StringDifference(got, want);
  const bool complex = want.dtype == DType::kComplex64 || want.dtype == DType::kComplex128;
  if (want.dtype == DType::kInt64 || want.dtype == DType::kUint64 || (DTypeBytes(want.dtype) < 2 && IsFloat(want.dtype)) ||
      DTypeBytes(want.dtype) == 0) {
    return BytesDifference(got, want);
  }
  const int64_t count = want.shape.Elements() * (complex ? 2 : 1);
  const auto number = [&](const Tensor& tensor, int64_t i) {
    if (tensor.dtype == DType::kComplex64) return At<float>(tensor, i);
    return tensor.dtype == DType::kComplex128 ? At<double>(tensor, i) : NumberAt(tensor, i);
  };
  double scale = 1;
  if (tolerance.scaled) {
    scale = 0;
    for (int64_t i = 0; i < count; ++i) {
      if (std::isfinite(number(want, i))) scale = std::max(scale, std::fabs(number(want, i)));
    }
  }
  // Quantised results of a loose case may round the other way.
  const bool one_off = tolerance.scaled && tolerance.atol >= 1e-2 && DTypeBytes(want.dtype) == 1;
  const double atol = one_off ? 1 : tolerance.atol * scale + (tolerance.scaled ? 1e-9 : 0);
  int64_t wrong = 0, first = 0;
  double largest = 0;
  for (int64_t i = 0; i < count; ++i) {
    const double a = number(got, i), b = number(want, i);
    if (a == b || (std::isnan(a) && std::isnan(b))) continue;
    const double difference = std::fabs(a - b);
    if (difference <= atol + tolerance.rtol * std::fabs(b)) continue;
    if (wrong++ == 0) first = i;
    largest = std::max(largest, difference);
  }
  if (wrong == 0) return "";
  return Format("%lld of %lld differ, by up to %g, first [%lld] %.9g, expected %.9g", static_cast<long long>(wrong),
                static_cast<long long>(count), largest, static_cast<long long>(first), number(got, first), number(want, first));
}

}  // namespace

std::string Difference(const RuntimeValue& got, const RuntimeValue& want, const Tolerance& tolerance) {
  if (got.present != want.present)
    return want.present ? "an empty optional, expected a value" : "a value, expected an empty optional";
  if (!want.present) return "";
  if (got.kind != want.kind) return Format("a %s, expected a %s", ValueKindName(got.kind), ValueKindName(want.kind));
  // A map is its keys and its values, in order.
  if (want.kind == ValueKind::kTensor) return TensorDifference(got.tensor, want.tensor, tolerance);
  if (got.elements.size() != want.elements.size()) {
    return Format("a sequence of %zu, expected %zu", got.elements.size(), want.elements.size());
  }
  for (size_t i = 0; i < want.elements.size(); ++i) {
    std::string text = Difference(got.elements[i], want.elements[i], tolerance);
    if (!text.empty()) return Format("element %zu: ", i) + text;
  }
  return "";
}

}  // namespace webinfer::conformance
