// Requantisation: round(sum * scale) + zero point, saturated, 8 sums at a time.
#pragma once

#include "kernels/int8_gemm.h"
#include "kernels/simd.h"

namespace webinfer::kernels {

// Works in bytes counted from the least one, which is 0 or -128.
class Requantizer {
 public:
  explicit Requantizer(const Int8Stage& stage)
      : magic_(Opaque(kMagic)),
        bits_(SplatInt(kMagicBits - stage.output->zero_point - (stage.output->is_signed ? 128 : 0))),
        least_(wasm_i8x16_splat(static_cast<int8_t>(stage.output->low))),
        most_(wasm_i8x16_splat(static_cast<int8_t>(stage.output->high))),
        sign_(wasm_i8x16_splat(stage.output->is_signed ? -128 : 0)),
        clamp_(stage.clamp) {}

  // The result is in the low 8 bytes.
  WEBINFER_INLINE Vec operator()(Vec low, Vec high, Vec low_scale, Vec high_scale) const {
    Vec a = Mul(wasm_f32x4_convert_i32x4(low), low_scale), b = Mul(wasm_f32x4_convert_i32x4(high), high_scale);
    if (clamp_) {
      const Vec bound = Splat(1 << 20), minus_bound = Splat(-(1 << 20));
      a = FastMin(FastMax(a, minus_bound), bound);
      b = FastMin(FastMax(b, minus_bound), bound);
    }
    const Vec words = wasm_i16x8_narrow_i32x4(wasm_i32x4_sub(Add(a, magic_), bits_), wasm_i32x4_sub(Add(b, magic_), bits_));
    return wasm_v128_xor(wasm_u8x16_min(wasm_u8x16_max(wasm_u8x16_narrow_i16x8(words, words), least_), most_), sign_);
  }

 private:
  // 1.5 * 2^23: added to a float below 2^22 it leaves the rounded integer (half to even) in the low bits.
  static constexpr float kMagic = 12582912.0f;
  static constexpr int32_t kMagicBits = 0x4B400000;
  const Vec magic_, bits_, least_, most_, sign_;
  const bool clamp_;
};

// The first `count` (1..8) bytes.
WEBINFER_INLINE void StoreBytes(uint8_t* to, Vec bytes, int count) {
  if (count == 8) return wasm_v128_store64_lane(to, bytes, 0);
  alignas(16) uint8_t lanes[16];
  Store(lanes, bytes);
  for (int i = 0; i < count; ++i) to[i] = lanes[i];
}

}  // namespace webinfer::kernels
