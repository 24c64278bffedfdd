// exp, log, tanh, erf and their kin on four floats.
//
// Largest errors against double, over all floats whose result is normal (tests/cpp/kernels/vmath_test.cc holds them):
//   Exp 1.1 ulp, Expm1 3, Log 1, Log1p 4, Sigmoid 4, Tanh 6 (never beyond +-1), Erf 7 (never beyond +-1),
//   Silu 5, Gelu 2e-6 absolute on [-8, 8].
// Infinities, zeros, NaN and overflow give what IEEE functions give; results below the smallest normal float may become 0.
// ExpFast is for softmax: x <= 0, 5 ulp near 0, and it does not keep NaN.
//
// The polynomials are minimax fits (exp: (e^r - 1 - r) / r^2 on +-ln2/2; tanh and erf: odd rationals; log: degree 7 on
// [sqrt(1/2), sqrt(2)]). Constants come from a table filled at run time: V8 rebuilds a v128.const at each use.
#pragma once

#include "kernels/simd.h"

namespace webinfer::kernels {

// clang-format off
#define WEBINFER_MATH_CONSTANTS(X)                                                                                        \
  X(zero, 0.0f) X(one, 1.0f) X(minus_one, -1.0f) X(half, 0.5f) X(two, 2.0f)                                               \
  X(log2e, 1.44269504088896f) X(magic, 12582912.0f) X(ln2_high, 0.693359375f) X(ln2_low, -2.12194440e-4f)                 \
  X(ln2, 0.693147180559945f) X(exp_low, -87.3365f) X(exp_high, 88.7228f) X(exp_max, 87.0f) X(expm1_large, 20.0f)          \
  X(exp3_0, 0.499992311000824f) X(exp3_1, 0.16667114198207855f) X(exp3_2, 0.041890114545822144f)                          \
  X(exp3_3, 0.008312525227665901f)                                                                                        \
  X(exp4_0, 0.4999999403953552f) X(exp4_1, 0.1666652113199234f) X(exp4_2, 0.04166838899254799f)                           \
  X(exp4_3, 0.008368710055947304f) X(exp4_4, 0.001381461275741458f)                                                       \
  X(exp2_1, 0.6931470036506653f) X(exp2_2, 0.24022242426872253f) X(exp2_3, 0.05550733581185341f)                        \
  X(exp2_4, 0.009671512991189957f) X(exp2_5, 0.001326472731307149f) X(log2e_low, 1.925963033500011e-08f)                  \
  X(exp5_1, 0.9999997615814209f) X(exp5_2, 0.4999915063381195f) X(exp5_3, 0.1666763573884964f)                           \
  X(exp5_4, 0.04189793020486832f) X(exp5_5, 0.008290315046906471f)                                                        \
  X(tanh_high, 9.02f) X(tanh_low, -9.02f) X(tanh_p1, 0.13379713892936707f) X(tanh_p2, 0.003494029864668846f)              \
  X(tanh_p3, 2.058340578514617e-05f) X(tanh_p4, 1.331897081513489e-08f) X(tanh_q1, 0.46713030338287354f)                  \
  X(tanh_q2, 0.02587105520069599f) X(tanh_q3, 0.00032830852433107793f) X(tanh_q4, 7.761977371956164e-07f)                 \
  X(erf_high, 3.93f) X(erf_low, -3.93f) X(erf_p0, 1.1283791065216064f) X(erf_p1, 0.19078302383422852f)                    \
  X(erf_p2, 0.052790168672800064f) X(erf_p3, 0.0037795724347233772f) X(erf_p4, 0.000284807407297194f)                     \
  X(erf_p5, 2.0419722659426043e-06f) X(erf_q1, 0.5024097561836243f) X(erf_q2, 0.11425717920064926f)                       \
  X(erf_q3, 0.014997364021837711f) X(erf_q4, 0.0011652031680569053f) X(erf_q5, 3.8004025554982945e-05f)                   \
  X(log_0, 0.3333333134651184f) X(log_1, -0.2500081956386566f) X(log_2, 0.20001226663589478f)                             \
  X(log_3, -0.16623356938362122f) X(log_4, 0.14201757311820984f) X(log_5, -0.13160182535648346f)                          \
  X(log_6, 0.1276157796382904f) X(log_7, -0.07634497433900833f) X(smallest_normal, 1.17549435e-38f)                       \
  X(two_23, 8388608.0f) X(count_23, 23.0f) X(root_half, 0.70710678118654752f) X(infinity, __builtin_inff()) X(minus_infinity, -__builtin_inff())
// clang-format on

struct MathConstants {
#define X(name, value) alignas(16) float name[4];
  WEBINFER_MATH_CONSTANTS(X)
#undef X
};

// The table; filled on the first call.
const MathConstants& GetMathConstants();

namespace math_internal {

struct ExpParts {
  Vec p;      // e^r - 1
  Vec shift;  // n << 23
};

// x in [exp_low, exp_high] = n ln 2 + r
WEBINFER_INLINE ExpParts SplitExp(Vec x, const MathConstants& k) {
  const Vec t = Madd(x, Load(k.log2e), Load(k.magic)), n = Sub(t, Load(k.magic));
  const Vec r = Nmadd(n, Load(k.ln2_low), Nmadd(n, Load(k.ln2_high), x));
  Vec q = Madd(Madd(Load(k.exp4_4), r, Load(k.exp4_3)), r, Load(k.exp4_2));
  q = Madd(Madd(q, r, Load(k.exp4_1)), r, Load(k.exp4_0));
  return {Madd(Mul(r, r), q, r), wasm_i32x4_shl(t, 23)};
}

// exp(-x) for x in [exp_low, exp_max], 2 ulp. One polynomial, whose last step adds the 1: fewer steps than SplitExp's form, which
// spares the 1 for what needs e^r - 1 or the last half ulp.
WEBINFER_INLINE Vec ExpOfMinus(Vec x, const MathConstants& k) {
  const Vec t = Nmadd(x, Load(k.log2e), Load(k.magic)), minus_n = Sub(Load(k.magic), t);
#if WEBINFER_RELAXED
  // Fused, x * log2e + n is exact but for log2e's own rounding.
  const Vec f = Nmadd(x, Load(k.log2e_low), Nmadd(x, Load(k.log2e), minus_n));
  Vec q = Madd(Madd(Madd(Load(k.exp2_5), f, Load(k.exp2_4)), f, Load(k.exp2_3)), f, Load(k.exp2_2));
  q = Madd(Madd(q, f, Load(k.exp2_1)), f, Load(k.one));
#else
  const Vec r = Madd(minus_n, Load(k.ln2_low), Sub(Mul(minus_n, Load(k.ln2_high)), x));
  Vec q = Madd(Madd(Madd(Load(k.exp5_5), r, Load(k.exp5_4)), r, Load(k.exp5_3)), r, Load(k.exp5_2));
  q = Madd(Madd(q, r, Load(k.exp5_1)), r, Load(k.one));
#endif
  return wasm_i32x4_add(q, wasm_i32x4_shl(t, 23));
}

WEBINFER_INLINE Vec IsNanMask(Vec x) { return wasm_f32x4_ne(x, x); }

WEBINFER_INLINE Vec ClampedExp(Vec x, const MathConstants& k) {
  const ExpParts parts = SplitExp(FastMin(FastMax(x, Load(k.exp_low)), Load(k.exp_high)), k);
  return wasm_i32x4_add(Add(parts.p, Load(k.one)), parts.shift);
}

// x normal and positive
WEBINFER_INLINE Vec LogOfNormal(Vec x, Vec exponent_offset, const MathConstants& k) {
  const Vec above = wasm_i32x4_sub(x, SplatInt(0x3f3504f3)), e = wasm_i32x4_shr(above, 23);
  const Vec m = Sub(wasm_i32x4_sub(x, wasm_i32x4_shl(e, 23)), Load(k.one));
  const Vec n = Sub(wasm_f32x4_convert_i32x4(e), exponent_offset), m2 = Mul(m, m);
  Vec q = Madd(Load(k.log_7), m, Load(k.log_6));
  q = Madd(Madd(Madd(q, m, Load(k.log_5)), m, Load(k.log_4)), m, Load(k.log_3));
  q = Madd(Madd(Madd(q, m, Load(k.log_2)), m, Load(k.log_1)), m, Load(k.log_0));
  const Vec y = Nmadd(m2, Load(k.half), Madd(n, Load(k.ln2_low), Mul(Mul(m2, m), q)));
  return Madd(n, Load(k.ln2_high), Add(y, m));
}

WEBINFER_INLINE Vec ClampToUnit(Vec y, const MathConstants& k) { return FastMin(FastMax(y, Load(k.minus_one)), Load(k.one)); }

}  // namespace math_internal

WEBINFER_INLINE Vec ExpFast(Vec x, const MathConstants& k) {
  x = FastMax(x, Load(k.exp_low));
  const Vec t = Madd(x, Load(k.log2e), Load(k.magic)), n = Sub(t, Load(k.magic));
#if WEBINFER_RELAXED
  const Vec r = Nmadd(n, Load(k.ln2), x);  // fused, n * ln2 is rounded once
#else
  const Vec r = Nmadd(n, Load(k.ln2_low), Nmadd(n, Load(k.ln2_high), x));
#endif
  const Vec q = Madd(Madd(Madd(Load(k.exp3_3), r, Load(k.exp3_2)), r, Load(k.exp3_1)), r, Load(k.exp3_0));
  return wasm_i32x4_add(Add(Madd(Mul(r, r), q, r), Load(k.one)), wasm_i32x4_shl(t, 23));
}

WEBINFER_INLINE Vec Exp(Vec x, const MathConstants& k) {
  Vec y = math_internal::ClampedExp(x, k);
  y = wasm_v128_andnot(y, wasm_f32x4_lt(x, Load(k.exp_low)));
  y = Select(wasm_f32x4_gt(x, Load(k.exp_high)), Load(k.infinity), y);
  return wasm_v128_or(y, math_internal::IsNanMask(x));
}

WEBINFER_INLINE Vec Expm1(Vec x, const MathConstants& k) {
  const math_internal::ExpParts parts = math_internal::SplitExp(FastMin(FastMax(x, Load(k.exp_low)), Load(k.exp_high)), k);
  const Vec scale = wasm_i32x4_add(Load(k.one), parts.shift);  // 2^n
  Vec y = Add(Mul(scale, parts.p), Sub(scale, Load(k.one)));
  const Vec exp = wasm_i32x4_add(Add(parts.p, Load(k.one)), parts.shift);
  y = Select(wasm_f32x4_gt(x, Load(k.expm1_large)), exp, y);
  y = Select(wasm_f32x4_gt(x, Load(k.exp_high)), Load(k.infinity), y);
  y = Select(wasm_f32x4_eq(x, Load(k.zero)), x, y);  // keeps -0
  return wasm_v128_or(y, math_internal::IsNanMask(x));
}

WEBINFER_INLINE Vec Log(Vec x, const MathConstants& k) {
  const Vec ordinary = wasm_v128_and(wasm_f32x4_ge(x, Load(k.smallest_normal)), wasm_f32x4_lt(x, Load(k.infinity)));
  if (wasm_i32x4_all_true(ordinary)) [[likely]]
    return math_internal::LogOfNormal(x, Load(k.zero), k);
  const Vec small = wasm_f32x4_lt(x, Load(k.smallest_normal));
  const Vec scaled = Select(small, Mul(x, Load(k.two_23)), x);
  Vec y = math_internal::LogOfNormal(scaled, wasm_v128_and(small, Load(k.count_23)), k);
  y = Select(wasm_f32x4_eq(x, Load(k.zero)), Load(k.minus_infinity), y);
  y = Select(wasm_f32x4_eq(x, Load(k.infinity)), x, y);
  return wasm_v128_or(y, wasm_v128_not(wasm_f32x4_ge(x, Load(k.zero))));
}

// log(1 + x) = log(u) x / (u - 1) with u = 1 + x rounded: the errors of u cancel.
WEBINFER_INLINE Vec Log1p(Vec x, const MathConstants& k) {
  const Vec u = Add(x, Load(k.one)), excess = Sub(u, Load(k.one));
  Vec y = Mul(Log(u, k), Div(x, excess));
  y = Select(wasm_f32x4_eq(excess, Load(k.zero)), x, y);
  return Select(wasm_f32x4_eq(x, Load(k.infinity)), x, y);
}

WEBINFER_INLINE Vec Sigmoid(Vec x, const MathConstants& k) {
  x = FastMin(FastMax(x, Load(k.exp_low)), Load(k.exp_max));
  const Vec one_or_nan = Madd(x, Load(k.zero), Load(k.one));
  return Div(one_or_nan, Add(Load(k.one), math_internal::ExpOfMinus(x, k)));
}

WEBINFER_INLINE Vec Tanh(Vec x, const MathConstants& k) {
  x = FastMin(FastMax(x, Load(k.tanh_low)), Load(k.tanh_high));
  const Vec u = Mul(x, x);
  const Vec p =
      Madd(Madd(Madd(Madd(Load(k.tanh_p4), u, Load(k.tanh_p3)), u, Load(k.tanh_p2)), u, Load(k.tanh_p1)), u, Load(k.one));
  const Vec q =
      Madd(Madd(Madd(Madd(Load(k.tanh_q4), u, Load(k.tanh_q3)), u, Load(k.tanh_q2)), u, Load(k.tanh_q1)), u, Load(k.one));
  return math_internal::ClampToUnit(Div(Mul(x, p), q), k);
}

WEBINFER_INLINE Vec Erf(Vec x, const MathConstants& k) {
  x = FastMin(FastMax(x, Load(k.erf_low)), Load(k.erf_high));
  const Vec u = Mul(x, x);
  Vec p = Madd(Madd(Madd(Load(k.erf_p5), u, Load(k.erf_p4)), u, Load(k.erf_p3)), u, Load(k.erf_p2));
  p = Madd(Madd(p, u, Load(k.erf_p1)), u, Load(k.erf_p0));
  Vec q = Madd(Madd(Madd(Load(k.erf_q5), u, Load(k.erf_q4)), u, Load(k.erf_q3)), u, Load(k.erf_q2));
  q = Madd(Madd(q, u, Load(k.erf_q1)), u, Load(k.one));
  return math_internal::ClampToUnit(Div(Mul(x, p), q), k);
}

WEBINFER_INLINE Vec Silu(Vec x, const MathConstants& k) {
  const Vec clamped = FastMin(FastMax(x, Load(k.exp_low)), Load(k.exp_max));
  return Div(x, Add(Load(k.one), math_internal::ExpOfMinus(clamped, k)));
}

WEBINFER_INLINE Vec Gelu(Vec x, const MathConstants& k) {
  const Vec half = Mul(x, Load(k.half));
  return Madd(half, Erf(Mul(x, Load(k.root_half)), k), half);
}

}  // namespace webinfer::kernels
