#include "kernels/int8_elementwise.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/simd.h"

namespace webinfer::kernels {

namespace {

struct Sixteen {
  Vec v[4];  // 4 floats each
};

// Bytes become reals. Signed ones are taken as unsigned ones 128 higher.
class Reader {
 public:
  explicit Reader(const ByteScale& from)
      : scale_(Opaque(from.scale)),
        zero_(Opaque(static_cast<float>(from.zero_point + (from.is_signed ? 128 : 0)))),
        flip_(wasm_i8x16_splat(from.is_signed ? -128 : 0)) {}

  WEBINFER_INLINE Sixteen operator()(Vec bytes) const {
    bytes = wasm_v128_xor(bytes, flip_);
    const Vec low = wasm_u16x8_extend_low_u8x16(bytes), high = wasm_u16x8_extend_high_u8x16(bytes);
    return {{Real(wasm_u32x4_extend_low_u16x8(low)), Real(wasm_u32x4_extend_high_u16x8(low)),
             Real(wasm_u32x4_extend_low_u16x8(high)), Real(wasm_u32x4_extend_high_u16x8(high))}};
  }

 private:
  WEBINFER_INLINE Vec Real(Vec ints) const { return Mul(Sub(wasm_f32x4_convert_i32x4(ints), zero_), scale_); }
  const Vec scale_, zero_, flip_;
};

class Writer {
 public:
  explicit Writer(const ByteScale& to, int low = 0, int high = 255)
      : scale_(Opaque(to.scale)),
        zero_(Opaque(static_cast<float>(to.zero_point + (to.is_signed ? 128 : 0)))),
        low_(Opaque(static_cast<float>(low))),
        high_(Opaque(static_cast<float>(high))),
        flip_(wasm_i8x16_splat(to.is_signed ? -128 : 0)) {}

  WEBINFER_INLINE Vec operator()(const Sixteen& s) const {
    const Vec low = wasm_i16x8_narrow_i32x4(Int(s.v[0]), Int(s.v[1])), high = wasm_i16x8_narrow_i32x4(Int(s.v[2]), Int(s.v[3]));
    return wasm_v128_xor(wasm_u8x16_narrow_i16x8(low, high), flip_);
  }

 private:
  // A NaN becomes the least byte.
  WEBINFER_INLINE Vec Int(Vec x) const {
    const Vec rounded = Add(wasm_f32x4_nearest(Div(x, scale_)), zero_);
    return wasm_i32x4_trunc_sat_f32x4(FastMin(FastMax(rounded, low_), high_));
  }
  const Vec scale_, zero_, low_, high_, flip_;
};

// f(first, 16 bytes or fewer): whole blocks in place, the rest through a buffer of its own.
template <typename F>
WEBINFER_INLINE void ForEachSixteen(size_t count, uint8_t* y, const F& f) {
  size_t i = 0;
  WEBINFER_NO_UNROLL
  for (; i + 16 <= count; i += 16) Store(y + i, f(i));
  if (i == count) return;
  alignas(16) uint8_t rest[16];
  Store(rest, f(i));
  std::copy(rest, rest + (count - i), y + i);
}

}  // namespace

void AddBytes(const uint8_t* a, const ByteScale& a_scale, const uint8_t* b, const ByteScale& b_scale, size_t count,
              const ByteScale& to, int low, int high, uint8_t* y) {
  const Reader read_a(a_scale), read_b(b_scale);
  const Writer write(to, low, high);
  ForEachSixteen(count, y, [&](size_t i) {
    Sixteen sum = read_a(Load(a + i));
    const Sixteen other = read_b(Load(b + i));
    for (int j = 0; j < 4; ++j) sum.v[j] = Add(sum.v[j], other.v[j]);
    return write(sum);
  });
}

void LookUpBytes(const uint8_t* x, size_t count, const uint8_t* table, uint8_t* y) {
  for (size_t i = 0; i < count; ++i) y[i] = table[x[i]];
}

FloatRange RangeWithZero(const float* x, size_t count) {
  Vec low = Zero(), high = Zero();
  size_t i = 0;
  WEBINFER_NO_UNROLL
  for (; i + 4 <= count; i += 4) {
    const Vec v = Load(x + i);
    low = FastMin(low, v);
    high = FastMax(high, v);
  }
  alignas(16) float lows[4], highs[4];
  Store(lows, low);
  Store(highs, high);
  FloatRange range{*std::min_element(lows, lows + 4), *std::max_element(highs, highs + 4)};
  for (; i < count; ++i) {
    range.low = std::min(range.low, x[i]);
    range.high = std::max(range.high, x[i]);
  }
  return range;
}

ByteScale UnsignedScale(const FloatRange& range) {
  const float scale = range.high == range.low ? 1 : (range.high - range.low) / 255;
  const float zero = std::nearbyint(std::min(std::max(-range.low / scale, 0.0f), 255.0f));
  return {scale, static_cast<int>(zero), false};
}

}  // namespace webinfer::kernels
