// The dot products of kernels/int8_gemm.h's Int8Dot: a step of each takes 8 columns of b, and 4 bytes of a row.
#pragma once

#include "kernels/simd.h"

namespace webinfer::kernels {

#if defined(__wasm_relaxed_simd__) || !defined(__wasm_simd128__)
constexpr bool kHasRelaxedDot = true;
#else
constexpr bool kHasRelaxedDot = false;
WEBINFER_INLINE Vec RelaxedDot(Vec, Vec, Vec sum) { return sum; }
#endif

// Four bytes of a (two if widened, as 16 bits) and 8 columns of b for them.
struct WidenDot {
  static constexpr int kPanelStep = 16;
  static WEBINFER_INLINE void Load8(const int8_t* b, Vec* low, Vec* high) {
    *low = wasm_i16x8_load8x8(b);
    *high = wasm_i16x8_load8x8(b + 8);
  }
  static WEBINFER_INLINE Vec Add(Vec b, Vec a, Vec sum) { return wasm_i32x4_add(sum, wasm_i32x4_dot_i16x8(b, a)); }
};
struct UnsignedDot {
  static constexpr int kPanelStep = 32;
  static WEBINFER_INLINE void Load8(const int8_t* b, Vec* low, Vec* high) {
    *low = Load(b);
    *high = Load(b + 16);
  }
  static WEBINFER_INLINE Vec Add(Vec b, Vec a, Vec sum) { return RelaxedDot(b, a, sum); }
};
#ifdef __wasm_simd128__
using SignedDot = UnsignedDot;  // the same instruction, on machines where it means that
#else
struct SignedDot : UnsignedDot {  // for native tests
  static WEBINFER_INLINE Vec Add(Vec b, Vec a, Vec sum) {
    const Vec flipped = RelaxedDot(b, wasm_v128_xor(a, wasm_i8x16_splat(-128)), sum);
    const Vec bytes = RelaxedDot(b, wasm_i8x16_splat(64), RelaxedDot(b, wasm_i8x16_splat(64), Zero()));
    return wasm_i32x4_sub(flipped, bytes);
  }
};
#endif

}  // namespace webinfer::kernels
