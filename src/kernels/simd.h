// 128-bit vectors for the kernels: WebAssembly's intrinsics, or SIMDe's portable ones in native builds.
//
// Kernels use the short names below for what they all do and wasm_* intrinsics for the rest. One source is compiled twice:
// plain, and with relaxed SIMD (WEBINFER_RELAXED), where Madd is one fused instruction.
//
// Two rules that cost up to 2.9x when broken:
// - a constant used in a hot loop comes from Opaque() or a table filled at run time: V8 rebuilds a v128.const at each use;
// - loops around a tile carry WEBINFER_NO_UNROLL: unrolled, the accumulators no longer fit V8's 16 registers;
//   WEBINFER_UNROLL marks the short loops over the registers themselves.
#pragma once

#ifndef WEBINFER_KERNELS
#error "Only kernels and their tests see SIMD: the rest is compiled without relaxed SIMD and would disagree on what is here."
#endif

#include <cstddef>
#include <cstdint>

#ifdef __wasm_simd128__
#include <wasm_simd128.h>
#else
#define SIMDE_WASM_SIMD128_ENABLE_NATIVE_ALIASES
#include <simde/wasm/relaxed-simd.h>
#include <simde/wasm/simd128.h>
#endif

#ifdef __wasm_relaxed_simd__
#define WEBINFER_RELAXED 1
#else
#define WEBINFER_RELAXED 0
#endif

#define WEBINFER_INLINE inline __attribute__((always_inline))
#define WEBINFER_NOINLINE __attribute__((noinline))
#ifdef __clang__
#define WEBINFER_NO_UNROLL _Pragma("clang loop unroll(disable) vectorize(disable)")
#define WEBINFER_UNROLL _Pragma("clang loop unroll(full)")
#else
#define WEBINFER_NO_UNROLL
#define WEBINFER_UNROLL _Pragma("GCC unroll 16")
#endif

namespace webinfer::kernels {

using Vec = v128_t;  // four floats, four int32, ... as the operation says

WEBINFER_INLINE Vec Load(const void* from) { return wasm_v128_load(from); }
WEBINFER_INLINE void Store(void* to, Vec v) { wasm_v128_store(to, v); }
WEBINFER_INLINE Vec LoadSplat(const float* from) { return wasm_v128_load32_splat(from); }
WEBINFER_INLINE Vec Splat(float x) { return wasm_f32x4_splat(x); }
WEBINFER_INLINE Vec SplatInt(int32_t x) { return wasm_i32x4_splat(x); }
WEBINFER_INLINE Vec Zero() { return wasm_i32x4_splat(0); }

// The same value, but unknown to the compiler, so that it stays in a local or in memory.
WEBINFER_INLINE Vec Opaque(Vec v) {
  volatile Vec hidden = v;
  return hidden;
}
WEBINFER_INLINE Vec Opaque(float x) { return Opaque(Splat(x)); }

WEBINFER_INLINE Vec Add(Vec a, Vec b) { return wasm_f32x4_add(a, b); }
WEBINFER_INLINE Vec Sub(Vec a, Vec b) { return wasm_f32x4_sub(a, b); }
WEBINFER_INLINE Vec Mul(Vec a, Vec b) { return wasm_f32x4_mul(a, b); }
WEBINFER_INLINE Vec Div(Vec a, Vec b) { return wasm_f32x4_div(a, b); }
WEBINFER_INLINE Vec Neg(Vec a) { return wasm_f32x4_neg(a); }

// a * b + c, fused or not.
WEBINFER_INLINE Vec Madd(Vec a, Vec b, Vec c) {
#if WEBINFER_RELAXED
  return wasm_f32x4_relaxed_madd(a, b, c);
#elif defined(__wasm_simd128__)
  return wasm_f32x4_add(wasm_f32x4_mul(a, b), c);
#else
  return simde_wasm_f32x4_fma(c, a, b);
#endif
}

// c - a * b, fused or not.
WEBINFER_INLINE Vec Nmadd(Vec a, Vec b, Vec c) {
#if WEBINFER_RELAXED
  return wasm_f32x4_relaxed_nmadd(a, b, c);
#elif defined(__wasm_simd128__)
  return wasm_f32x4_sub(c, wasm_f32x4_mul(a, b));
#else
  return simde_wasm_f32x4_fms(c, a, b);
#endif
}

// Minimum and maximum at half the cost of the NaN-propagating ones: b is taken only when it is strictly beyond a, so a NaN
// in b is dropped and a NaN in a is kept.
WEBINFER_INLINE Vec FastMin(Vec a, Vec b) { return wasm_f32x4_pmin(a, b); }
WEBINFER_INLINE Vec FastMax(Vec a, Vec b) { return wasm_f32x4_pmax(a, b); }

// Bits of `yes` where `mask` is set, of `no` elsewhere.
WEBINFER_INLINE Vec Select(Vec mask, Vec yes, Vec no) { return wasm_v128_bitselect(yes, no, mask); }

WEBINFER_INLINE float HorizontalSum(Vec v) {
  v = wasm_f32x4_add(v, wasm_i32x4_shuffle(v, v, 2, 3, 0, 1));
  v = wasm_f32x4_add(v, wasm_i32x4_shuffle(v, v, 1, 0, 3, 2));
  return wasm_f32x4_extract_lane(v, 0);
}

WEBINFER_INLINE float HorizontalMax(Vec v) {
  v = wasm_f32x4_max(v, wasm_i32x4_shuffle(v, v, 2, 3, 0, 1));
  v = wasm_f32x4_max(v, wasm_i32x4_shuffle(v, v, 1, 0, 3, 2));
  return wasm_f32x4_extract_lane(v, 0);
}

WEBINFER_INLINE int32_t HorizontalSumInt(Vec v) {
  v = wasm_i32x4_add(v, wasm_i32x4_shuffle(v, v, 2, 3, 0, 1));
  v = wasm_i32x4_add(v, wasm_i32x4_shuffle(v, v, 1, 0, 3, 2));
  return wasm_i32x4_extract_lane(v, 0);
}

// The first `count` (1..4) floats; the other lanes are zero. Reads nothing behind them.
WEBINFER_INLINE Vec LoadPartial(const float* from, int count) {
  if (count >= 4) return Load(from);
  alignas(16) float lanes[4] = {};
  for (int i = 0; i < count; ++i) lanes[i] = from[i];
  return Load(lanes);
}

// Writes the first `count` (1..4) lanes.
WEBINFER_INLINE void StorePartial(float* to, Vec v, int count) {
  if (count >= 4) return Store(to, v);
  if (count >= 2) wasm_v128_store64_lane(to, v, 0);
  if (count == 3) wasm_v128_store32_lane(to + 2, v, 2);
  if (count == 1) wasm_v128_store32_lane(to, v, 0);
}

// Four rows of four become four columns of four.
WEBINFER_INLINE void Transpose4x4(Vec& a, Vec& b, Vec& c, Vec& d) {
  const Vec ab_low = wasm_i32x4_shuffle(a, b, 0, 4, 1, 5), ab_high = wasm_i32x4_shuffle(a, b, 2, 6, 3, 7);
  const Vec cd_low = wasm_i32x4_shuffle(c, d, 0, 4, 1, 5), cd_high = wasm_i32x4_shuffle(c, d, 2, 6, 3, 7);
  a = wasm_i64x2_shuffle(ab_low, cd_low, 0, 2);
  b = wasm_i64x2_shuffle(ab_low, cd_low, 1, 3);
  c = wasm_i64x2_shuffle(ab_high, cd_high, 0, 2);
  d = wasm_i64x2_shuffle(ab_high, cd_high, 1, 3);
}

// sum += a (signed bytes) . b (bytes), four at a time. What b >= 128 means is the machine's choice: ask ProbeRelaxedDot
// (kernels/int8.h). Native builds do what VNNI does: b is unsigned and nothing saturates.
#if WEBINFER_RELAXED
WEBINFER_INLINE Vec RelaxedDot(Vec a, Vec b, Vec sum) { return wasm_i32x4_relaxed_dot_i8x16_i7x16_add(a, b, sum); }
#elif !defined(__wasm_simd128__)
WEBINFER_INLINE Vec RelaxedDot(Vec a, Vec b, Vec sum) {
  const Vec low = wasm_i32x4_dot_i16x8(wasm_i16x8_extend_low_i8x16(a), wasm_u16x8_extend_low_u8x16(b));
  const Vec high = wasm_i32x4_dot_i16x8(wasm_i16x8_extend_high_i8x16(a), wasm_u16x8_extend_high_u8x16(b));
  const Vec even = wasm_i32x4_shuffle(low, high, 0, 2, 4, 6), odd = wasm_i32x4_shuffle(low, high, 1, 3, 5, 7);
  return wasm_i32x4_add(sum, wasm_i32x4_add(even, odd));
}
#endif

}  // namespace webinfer::kernels
