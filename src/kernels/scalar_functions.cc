#include "kernels/scalar_functions.h"

#include <cmath>
#include <type_traits>

#include "kernels/simd.h"

namespace webinfer::kernels {

namespace {

// Integers wrap: signed overflow is undefined in C++, so sums and products are formed unsigned.
template <typename T>
auto Unsigned(T x) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<std::make_unsigned_t<T>>(x);
  } else {
    return x;
  }
}

template <typename T>
T Divide(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    if (b == 0) return 0;
    if constexpr (std::is_signed_v<T>) {
      if (b == -1) return static_cast<T>(0 - Unsigned(a));
    }
  }
  return a / b;
}

// The remainder with the sign of the dividend (C's %, fmod).
template <typename T>
T Remainder(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    if (b == 0) return 0;
    if constexpr (std::is_signed_v<T>) {
      if (b == -1) return 0;
    }
    return a % b;
  } else {
    return std::fmod(a, b);
  }
}

// The remainder with the sign of the divisor (Python's %).
template <typename T>
T Modulo(T a, T b) {
  const T r = Remainder(a, b);
  if constexpr (std::is_unsigned_v<T>) {
    return r;
  } else {
    return r != 0 && (r < 0) != (b < 0) ? r + b : r;
  }
}

template <typename T>
T Power(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    if constexpr (std::is_signed_v<T>) {
      if (b < 0) return a == 1 ? 1 : a == -1 ? ((b & 1) != 0 ? -1 : 1) : 0;
    }
    auto result = Unsigned(T{1}), base = Unsigned(a);
    for (auto e = Unsigned(b); e != 0; e >>= 1) {
      if ((e & 1) != 0) result *= base;
      base *= base;
    }
    return static_cast<T>(result);
  } else {
    return std::pow(a, b);
  }
}

template <typename T>
T Minimum(T a, T b) {
  if (a != a) return a;
  return b != b || b < a ? b : a;
}
template <typename T>
T Maximum(T a, T b) {
  if (a != a) return a;
  return b != b || b > a ? b : a;
}

template <typename T>
T SignOf(T a) {
  if constexpr (std::is_unsigned_v<T>) {
    return a > 0;
  } else {
    return a != a ? a : static_cast<T>((a > 0) - (a < 0));
  }
}

template <typename T>
T Absolute(T a) {
  if constexpr (std::is_unsigned_v<T>) {
    return a;
  } else if constexpr (std::is_integral_v<T>) {
    return a < 0 ? static_cast<T>(0 - Unsigned(a)) : a;
  } else {
    return std::fabs(a);
  }
}

template <typename T>
constexpr int kBits = static_cast<int>(sizeof(T) * 8);

template <typename T, typename F>
void Unary(void* out, BlockOperand a, BlockOperand, BlockOperand, int count) {
  using R = std::invoke_result_t<F, T>;
  const T* x = static_cast<const T*>(a.data);
  R* y = static_cast<R*>(out);
  WEBINFER_NO_UNROLL for (int i = 0; i < count; ++i) y[i] = F()(x[i * a.step]);
}

template <typename T, typename F>
void Binary(void* out, BlockOperand a, BlockOperand b, BlockOperand, int count) {
  using R = std::invoke_result_t<F, T, T>;
  const T *x = static_cast<const T*>(a.data), *y = static_cast<const T*>(b.data);
  R* z = static_cast<R*>(out);
  WEBINFER_NO_UNROLL for (int i = 0; i < count; ++i) z[i] = F()(x[i * a.step], y[i * b.step]);
}

template <typename T>
void SelectBlock(void* out, BlockOperand a, BlockOperand b, BlockOperand c, int count) {
  const bool* mask = static_cast<const bool*>(a.data);
  const T *yes = static_cast<const T*>(b.data), *no = static_cast<const T*>(c.data);
  T* z = static_cast<T*>(out);
  WEBINFER_NO_UNROLL for (int i = 0; i < count; ++i) z[i] = mask[i * a.step] ? yes[i * b.step] : no[i * c.step];
}

// Which types an operation is defined for.
enum Kinds { kFloats = 1, kIntegers = 2, kBools = 4, kNumbers = kFloats | kIntegers, kAll = kNumbers | kBools };

template <template <typename, typename> typename Loop, int kinds, typename F>
BlockFunction For(ScalarType type, F) {
  if constexpr ((kinds & kFloats) != 0) {
    if (type == ScalarType::kFloat32) return &Loop<float, F>::Run;
    if (type == ScalarType::kFloat64) return &Loop<double, F>::Run;
  }
  if constexpr ((kinds & kIntegers) != 0) {
    if (type == ScalarType::kInt32) return &Loop<int32_t, F>::Run;
    if (type == ScalarType::kInt64) return &Loop<int64_t, F>::Run;
    if (type == ScalarType::kUint64) return &Loop<uint64_t, F>::Run;
  }
  if constexpr ((kinds & kBools) != 0) {
    if (type == ScalarType::kBool) return &Loop<bool, F>::Run;
  }
  return nullptr;
}

template <typename T, typename F>
struct UnaryLoop {
  static void Run(void* out, BlockOperand a, BlockOperand b, BlockOperand c, int count) { Unary<T, F>(out, a, b, c, count); }
};
template <typename T, typename F>
struct BinaryLoop {
  static void Run(void* out, BlockOperand a, BlockOperand b, BlockOperand c, int count) { Binary<T, F>(out, a, b, c, count); }
};

template <int kinds, typename F>
BlockFunction One(ScalarType type, F f) {
  return For<UnaryLoop, kinds>(type, f);
}
template <int kinds, typename F>
BlockFunction Two(ScalarType type, F f) {
  return For<BinaryLoop, kinds>(type, f);
}

BlockFunction FindSelect(ScalarType type) {
  switch (type) {
    case ScalarType::kFloat32:
    case ScalarType::kInt32: return &SelectBlock<uint32_t>;
    case ScalarType::kBool: return &SelectBlock<uint8_t>;
    default: return &SelectBlock<uint64_t>;
  }
}

BlockFunction FindTranscendental(ScalarOp op, ScalarType t) {
  switch (op) {
    case ScalarOp::kExp: return One<kFloats>(t, [](auto x) { return std::exp(x); });
    case ScalarOp::kExpm1: return One<kFloats>(t, [](auto x) { return std::expm1(x); });
    case ScalarOp::kLog: return One<kFloats>(t, [](auto x) { return std::log(x); });
    case ScalarOp::kLog1p: return One<kFloats>(t, [](auto x) { return std::log1p(x); });
    case ScalarOp::kErf: return One<kFloats>(t, [](auto x) { return std::erf(x); });
    case ScalarOp::kSigmoid: return One<kFloats>(t, [](auto x) { return 1 / (1 + std::exp(-x)); });
    case ScalarOp::kTanh: return One<kFloats>(t, [](auto x) { return std::tanh(x); });
    case ScalarOp::kSilu: return One<kFloats>(t, [](auto x) { return x / (1 + std::exp(-x)); });
    case ScalarOp::kGelu:
      return One<kFloats>(t, [](auto x) { return static_cast<decltype(x)>(x * 0.5 * (1 + std::erf(x * 0.70710678118654752))); });
    case ScalarOp::kSin: return One<kFloats>(t, [](auto x) { return std::sin(x); });
    case ScalarOp::kCos: return One<kFloats>(t, [](auto x) { return std::cos(x); });
    case ScalarOp::kTan: return One<kFloats>(t, [](auto x) { return std::tan(x); });
    case ScalarOp::kAsin: return One<kFloats>(t, [](auto x) { return std::asin(x); });
    case ScalarOp::kAcos: return One<kFloats>(t, [](auto x) { return std::acos(x); });
    case ScalarOp::kAtan: return One<kFloats>(t, [](auto x) { return std::atan(x); });
    case ScalarOp::kSinh: return One<kFloats>(t, [](auto x) { return std::sinh(x); });
    case ScalarOp::kCosh: return One<kFloats>(t, [](auto x) { return std::cosh(x); });
    case ScalarOp::kAsinh: return One<kFloats>(t, [](auto x) { return std::asinh(x); });
    case ScalarOp::kAcosh: return One<kFloats>(t, [](auto x) { return std::acosh(x); });
    case ScalarOp::kAtanh: return One<kFloats>(t, [](auto x) { return std::atanh(x); });
    case ScalarOp::kPow: return Two<kNumbers>(t, [](auto a, auto b) { return Power(a, b); });
    default: return nullptr;
  }
}

BlockFunction FindBitwise(ScalarOp op, ScalarType t) {
  switch (op) {
    case ScalarOp::kNot:
      if (t == ScalarType::kBool) return One<kBools>(t, [](auto x) { return !x; });
      return One<kIntegers>(t, [](auto x) { return static_cast<decltype(x)>(~x); });
    case ScalarOp::kAnd: return Two<kIntegers | kBools>(t, [](auto a, auto b) { return static_cast<decltype(a)>(a & b); });
    case ScalarOp::kOr: return Two<kIntegers | kBools>(t, [](auto a, auto b) { return static_cast<decltype(a)>(a | b); });
    case ScalarOp::kXor: return Two<kIntegers | kBools>(t, [](auto a, auto b) { return static_cast<decltype(a)>(a ^ b); });
    case ScalarOp::kShiftLeft:
      return Two<kIntegers>(t, [](auto a, auto b) {
        using T = decltype(a);
        return Unsigned(b) >= kBits<T> ? T{0} : static_cast<T>(Unsigned(a) << Unsigned(b));
      });
    case ScalarOp::kShiftRight:
      return Two<kIntegers>(t, [](auto a, auto b) {
        using T = decltype(a);
        return Unsigned(b) >= kBits<T> ? T{0} : static_cast<T>(a >> Unsigned(b));
      });
    default: return nullptr;
  }
}

}  // namespace

BlockFunction FindBlockFunction(ScalarOp op, ScalarType t) {
  switch (op) {
    case ScalarOp::kNeg: return One<kNumbers>(t, [](auto x) { return static_cast<decltype(x)>(-Unsigned(x)); });
    case ScalarOp::kAbs: return One<kNumbers>(t, [](auto x) { return Absolute(x); });
    case ScalarOp::kSign: return One<kNumbers>(t, [](auto x) { return SignOf(x); });
    case ScalarOp::kFloor: return One<kFloats>(t, [](auto x) { return std::floor(x); });
    case ScalarOp::kCeil: return One<kFloats>(t, [](auto x) { return std::ceil(x); });
    case ScalarOp::kTrunc: return One<kFloats>(t, [](auto x) { return std::trunc(x); });
    case ScalarOp::kRound: return One<kFloats>(t, [](auto x) { return std::nearbyint(x); });
    case ScalarOp::kSqrt: return One<kFloats>(t, [](auto x) { return std::sqrt(x); });
    case ScalarOp::kIsNan: return One<kFloats>(t, [](auto x) { return x != x; });
    case ScalarOp::kIsInf: return One<kFloats>(t, [](auto x) { return std::isinf(x); });
    case ScalarOp::kAdd:
      return Two<kNumbers>(t, [](auto a, auto b) { return static_cast<decltype(a)>(Unsigned(a) + Unsigned(b)); });
    case ScalarOp::kSub:
      return Two<kNumbers>(t, [](auto a, auto b) { return static_cast<decltype(a)>(Unsigned(a) - Unsigned(b)); });
    case ScalarOp::kMul:
      return Two<kNumbers>(t, [](auto a, auto b) { return static_cast<decltype(a)>(Unsigned(a) * Unsigned(b)); });
    case ScalarOp::kDiv: return Two<kNumbers>(t, [](auto a, auto b) { return Divide(a, b); });
    case ScalarOp::kMin: return Two<kNumbers>(t, [](auto a, auto b) { return Minimum(a, b); });
    case ScalarOp::kMax: return Two<kNumbers>(t, [](auto a, auto b) { return Maximum(a, b); });
    case ScalarOp::kFmod: return Two<kNumbers>(t, [](auto a, auto b) { return Remainder(a, b); });
    case ScalarOp::kMod: return Two<kNumbers>(t, [](auto a, auto b) { return Modulo(a, b); });
    case ScalarOp::kEqual: return Two<kAll>(t, [](auto a, auto b) { return a == b; });
    case ScalarOp::kLess: return Two<kNumbers>(t, [](auto a, auto b) { return a < b; });
    case ScalarOp::kLessOrEqual: return Two<kNumbers>(t, [](auto a, auto b) { return a <= b; });
    case ScalarOp::kSelect: return FindSelect(t);
    case ScalarOp::kNot:
    case ScalarOp::kAnd:
    case ScalarOp::kOr:
    case ScalarOp::kXor:
    case ScalarOp::kShiftLeft:
    case ScalarOp::kShiftRight: return FindBitwise(op, t);
    default: return FindTranscendental(op, t);
  }
}

}  // namespace webinfer::kernels
