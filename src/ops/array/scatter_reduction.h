// How ScatterElements and ScatterND combine an update with what is there: attribute `reduction`.
#pragma once

#include <cstring>

#include "base/visit_dtype.h"
#include "ops/array/move.h"

namespace webinfer::ops {

enum class ScatterReduction : int32_t { kNone, kAdd, kMul, kMax, kMin };

inline Result<ScatterReduction> ScatterReductionOf(const InferContext& ctx) {
  const std::string_view name = ctx.attributes().String("reduction", "none");
  constexpr std::string_view kNames[] = {"none", "add", "mul", "max", "min"};
  for (int i = 0; i < 5; ++i) {
    if (name == kNames[i]) return static_cast<ScatterReduction>(i);
  }
  return Error(Code::kInvalidModel, "An unknown reduction")
      .Expected("none, add, mul, max or min")
      .Actual("%.*s", static_cast<int>(name.size()), name.data());
}

// Combines `count` elements from `src` into `dst`.
template <typename T>
void ScatterCombine(ScatterReduction reduction, T* dst, const T* src, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const T old = dst[i], update = src[i];
    switch (reduction) {
      case ScatterReduction::kNone: dst[i] = update; break;
      case ScatterReduction::kAdd: dst[i] = static_cast<T>(old + update); break;
      case ScatterReduction::kMul: dst[i] = static_cast<T>(old * update); break;
      case ScatterReduction::kMax: dst[i] = update > old || update != update ? update : old; break;
      case ScatterReduction::kMin: dst[i] = update < old || update != update ? update : old; break;
    }
  }
}

// Returns f(combine) where combine(dst, src, count) works on elements of `dtype` at byte addresses.
template <typename F>
Status WithScatterCombine(ScatterReduction reduction, DType dtype, const F& f) {
  if (reduction == ScatterReduction::kNone) {
    const size_t bytes = DTypeBytes(dtype);
    return f(
        [bytes](uint8_t* dst, const uint8_t* src, int64_t count) { std::memcpy(dst, src, static_cast<size_t>(count) * bytes); });
  }
  return VisitNumeric(dtype, [&]<typename T>(T) {
    return f([reduction](uint8_t* dst, const uint8_t* src, int64_t count) {
      ScatterCombine(reduction, reinterpret_cast<T*>(dst), reinterpret_cast<const T*>(src), count);
    });
  });
}

}  // namespace webinfer::ops
