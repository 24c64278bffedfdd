#include <algorithm>

#include "kernels/int8_finish.h"
#include "kernels/int8_gemm.h"

namespace webinfer::kernels {

namespace {

void StoreEight(void* to, Vec low, Vec high, int count) {
  auto* lanes = static_cast<float*>(to);
  StorePartial(lanes, low, std::min(count, 4));
  if (count > 4) StorePartial(lanes + 4, high, count - 4);
}

// store(row, column, count, low, high) for 8 columns after the other, each with what zero points and bias add to it.
template <typename F>
WEBINFER_INLINE void ForEachEight(const Int8Stage& stage, const int32_t* sums, size_t sums_stride, const int32_t* row_sums,
                                  int rows, int column, int columns, const F& store) {
  WEBINFER_NO_UNROLL
  for (int j = 0; j < columns; j += 8) {
    const int32_t* at = sums + j;
    const int count = std::min(8, columns - j);
    const Vec offset_low = Load(stage.offset + column + j), offset_high = Load(stage.offset + column + j + 4);
    if (stage.row_factor == nullptr) {
      WEBINFER_NO_UNROLL
      for (int row = 0; row < rows; ++row, at += sums_stride) {
        store(row, column + j, count, wasm_i32x4_add(Load(at), offset_low), wasm_i32x4_add(Load(at + 4), offset_high));
      }
      continue;
    }
    const Vec factor_low = Load(stage.row_factor + column + j), factor_high = Load(stage.row_factor + column + j + 4);
    WEBINFER_NO_UNROLL
    for (int row = 0; row < rows; ++row, at += sums_stride) {
      const Vec row_sum = SplatInt(row_sums[row]);
      store(row, column + j, count, wasm_i32x4_add(wasm_i32x4_add(Load(at), offset_low), wasm_i32x4_mul(row_sum, factor_low)),
            wasm_i32x4_add(wasm_i32x4_add(Load(at + 4), offset_high), wasm_i32x4_mul(row_sum, factor_high)));
    }
  }
}

}  // namespace

void FinishInt8(const Int8Stage& stage, const int32_t* sums, size_t sums_stride, const int32_t* row_sums, int rows, int column,
                int columns, uint8_t* c, size_t c_stride) {
  const auto for_each = [&](const auto& store) {
    ForEachEight(stage, sums, sums_stride, row_sums, rows, column, columns, store);
  };
  switch (stage.output->kind) {
    case Int8Output::Kind::kInt32: {
      auto* to = reinterpret_cast<int32_t*>(c);
      return for_each([&](int row, int j, int count, Vec low, Vec high) {
        StoreEight(to + static_cast<size_t>(row) * c_stride + j, low, high, count);
      });
    }
    case Int8Output::Kind::kFloat: {
      auto* to = reinterpret_cast<float*>(c);
      return for_each([&](int row, int j, int count, Vec low, Vec high) {
        StoreEight(to + static_cast<size_t>(row) * c_stride + j,
                   Add(Mul(wasm_f32x4_convert_i32x4(low), Load(stage.scale + j)), Load(stage.bias + j)),
                   Add(Mul(wasm_f32x4_convert_i32x4(high), Load(stage.scale + j + 4)), Load(stage.bias + j + 4)), count);
      });
    }
    case Int8Output::Kind::kByte: {
      const Requantizer requantize(stage);
      return for_each([&](int row, int j, int count, Vec low, Vec high) {
        const Vec bytes = requantize(low, high, Load(stage.scale + j), Load(stage.scale + j + 4));
        StoreBytes(c + static_cast<size_t>(row) * c_stride + j, bytes, count);
      });
    }
  }
}

}  // namespace webinfer::kernels
