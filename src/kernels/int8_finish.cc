#include <algorithm>

#include "kernels/int8_gemm.h"
#include "kernels/simd.h"

namespace webinfer::kernels {

namespace {

// 1.5 * 2^23: added to a float below 2^22 it leaves the rounded integer (half to even) in the low bits.
constexpr float kMagic = 12582912.0f;
constexpr int32_t kMagicBits = 0x4B400000;

struct Sums {
  Vec low, high;
};

// Sums of columns [column, column + 8) of one row, with what zero points and bias add.
WEBINFER_INLINE Sums Corrected(const Int8Stage& stage, const int32_t* sums, int column, Vec row_sum) {
  Sums s{wasm_i32x4_add(Load(sums), Load(stage.offset + column)),
         wasm_i32x4_add(Load(sums + 4), Load(stage.offset + column + 4))};
  if (stage.row_factor != nullptr) {
    s.low = wasm_i32x4_add(s.low, wasm_i32x4_mul(row_sum, Load(stage.row_factor + column)));
    s.high = wasm_i32x4_add(s.high, wasm_i32x4_mul(row_sum, Load(stage.row_factor + column + 4)));
  }
  return s;
}

template <typename F>
WEBINFER_INLINE void ForEachEight(const Int8Stage& stage, const int32_t* sums, size_t sums_stride, const int32_t* row_sums,
                                  int rows, int column, int columns, const F& store) {
  for (int row = 0; row < rows; ++row, sums += sums_stride) {
    const Vec row_sum = SplatInt(stage.row_factor != nullptr ? row_sums[row] : 0);
    for (int j = 0; j < columns; j += 8)
      store(row, column + j, std::min(8, columns - j), Corrected(stage, sums + j, column + j, row_sum));
  }
}

void StoreEight(void* to, Vec low, Vec high, int count) {
  auto* lanes = static_cast<float*>(to);
  StorePartial(lanes, low, std::min(count, 4));
  if (count > 4) StorePartial(lanes + 4, high, count - 4);
}

WEBINFER_INLINE Sums Scaled(const Int8Stage& stage, int column, const Sums& s) {
  return {Mul(wasm_f32x4_convert_i32x4(s.low), Load(stage.scale + column)),
          Mul(wasm_f32x4_convert_i32x4(s.high), Load(stage.scale + column + 4))};
}

}  // namespace

void FinishInt8(const Int8Stage& stage, const int32_t* sums, size_t sums_stride, const int32_t* row_sums, int rows, int column,
                int columns, uint8_t* c, size_t c_stride) {
  const Int8Output& output = *stage.output;
  if (output.kind == Int8Output::Kind::kInt32) {
    auto* to = reinterpret_cast<int32_t*>(c);
    return ForEachEight(stage, sums, sums_stride, row_sums, rows, column, columns, [&](int row, int j, int count, const Sums& s) {
      StoreEight(to + static_cast<size_t>(row) * c_stride + j, s.low, s.high, count);
    });
  }
  if (output.kind == Int8Output::Kind::kFloat) {
    auto* to = reinterpret_cast<float*>(c);
    return ForEachEight(stage, sums, sums_stride, row_sums, rows, column, columns, [&](int row, int j, int count, const Sums& s) {
      const Sums f = Scaled(stage, j, s);
      StoreEight(to + static_cast<size_t>(row) * c_stride + j, Add(f.low, Load(stage.bias + j)),
                 Add(f.high, Load(stage.bias + j + 4)), count);
    });
  }
  // In bytes counted from the least one, which is 0 or -128.
  const int zero_point = output.zero_point + (output.is_signed ? 128 : 0);
  const Vec magic = Splat(kMagic), bits = SplatInt(kMagicBits - zero_point), bound = Splat(1 << 20),
            minus_bound = Splat(-(1 << 20));
  const Vec low = wasm_i8x16_splat(static_cast<int8_t>(output.low)), high = wasm_i8x16_splat(static_cast<int8_t>(output.high));
  const Vec sign = wasm_i8x16_splat(output.is_signed ? -128 : 0);
  ForEachEight(stage, sums, sums_stride, row_sums, rows, column, columns, [&](int row, int j, int count, const Sums& s) {
    Sums f = Scaled(stage, j, s);
    if (stage.clamp) f = {FastMin(FastMax(f.low, minus_bound), bound), FastMin(FastMax(f.high, minus_bound), bound)};
    const Vec words = wasm_i16x8_narrow_i32x4(wasm_i32x4_sub(Add(f.low, magic), bits), wasm_i32x4_sub(Add(f.high, magic), bits));
    const Vec bytes = wasm_v128_xor(wasm_u8x16_min(wasm_u8x16_max(wasm_u8x16_narrow_i16x8(words, words), low), high), sign);
    uint8_t* to = c + static_cast<size_t>(row) * c_stride + j;
    if (count == 8) return wasm_v128_store64_lane(to, bytes, 0);
    alignas(16) uint8_t lanes[16];
    Store(lanes, bytes);
    std::copy(lanes, lanes + count, to);
  });
}

}  // namespace webinfer::kernels
