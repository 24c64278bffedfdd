#include "kernels/quantize.h"

#include <algorithm>
#include <cmath>

#include "kernels/elements.h"
#include "kernels/simd.h"

namespace webinfer::kernels {

namespace {

constexpr int64_t kChunk = 512;
constexpr int64_t kParallelWork = 1 << 16;

// Consecutive elements and where their scales are: at `scale`, moving with the elements or not.
struct Run {
  int64_t first, count;
  int64_t scale;
  bool moves;
};

// Cuts [first, last) of the tensor into runs.
template <typename F>
void ForEachRun(const Quantization& q, int64_t first, int64_t last, const F& f) {
  const AxisView& v = q.view;
  while (first < last) {
    const int64_t column = first % v.inner, index = first / v.inner % v.length, outer = first / v.inner / v.length;
    Run run = {first, std::min({kChunk, last - first, v.inner - column}), 0, false};
    if (q.block > 0) {
      const int64_t blocks = (v.length + q.block - 1) / q.block;
      run.scale = (outer * blocks + index / q.block) * v.inner + column;
      run.moves = v.inner > 1;
      if (v.inner == 1) run.count = std::min({kChunk, last - first, q.block - index % q.block, v.length - index});
    } else if (q.per_axis) {
      run.scale = index;
      if (v.inner == 1) {
        run.moves = true;
        run.count = std::min({kChunk, last - first, v.length - index});
      }
    }
    f(run);
    first += run.count;
  }
}

// Scales (or zero points) of a run: one for all, or `count` of them.
struct Parameters {
  float values[kChunk];
  int step = 0;

  void Read(Numbers numbers, const Run& run) {
    step = run.moves ? 1 : 0;
    if (numbers.data == nullptr) {
      step = 0;
      values[0] = 0;
    } else {
      LoadFloats(numbers.dtype, numbers.data, run.scale, run.moves ? run.count : 1, values);
    }
  }
  float operator[](int64_t i) const { return values[i * step]; }
};

struct Range {
  float low = 0, high = 0;
};
Range RangeOf(DType dtype) {
  const int bits = DTypeBits(dtype);
  const auto span = static_cast<float>((uint64_t{1} << bits) - 1);
  return IsSigned(dtype) ? Range{-(span + 1) / 2, (span - 1) / 2} : Range{0, span};
}

WEBINFER_INLINE Vec QuantizeFour(const float* x, Vec scale, Vec zero) {
  return wasm_i32x4_trunc_sat_f32x4(Add(wasm_f32x4_nearest(Div(Load(x), scale)), zero));
}

// float32 -> bytes with one scale. The narrowing instructions saturate as the result's type does.
void QuantizeBytes(const float* x, int64_t count, float scale, float zero, bool is_signed, uint8_t* y) {
  const Vec s = Splat(scale), z = Splat(zero);
  const auto sixteen = [&](const float* from) {
    const Vec low = wasm_i16x8_narrow_i32x4(QuantizeFour(from, s, z), QuantizeFour(from + 4, s, z));
    const Vec high = wasm_i16x8_narrow_i32x4(QuantizeFour(from + 8, s, z), QuantizeFour(from + 12, s, z));
    return is_signed ? wasm_i8x16_narrow_i16x8(low, high) : wasm_u8x16_narrow_i16x8(low, high);
  };
  int64_t i = 0;
  WEBINFER_NO_UNROLL for (; i + 16 <= count; i += 16) Store(y + i, sixteen(x + i));
  if (i == count) return;
  alignas(16) float rest[16] = {};
  alignas(16) uint8_t bytes[16];
  std::copy(x + i, x + count, rest);
  Store(bytes, sixteen(rest));
  std::copy(bytes, bytes + (count - i), y + i);
}

// bytes -> float32 with one scale.
void DequantizeBytes(const uint8_t* x, int64_t count, float scale, float zero, bool is_signed, float* y) {
  const Vec s = Splat(scale), z = Splat(zero);
  int64_t i = 0;
  WEBINFER_NO_UNROLL for (; i + 8 <= count; i += 8) {
    const Vec bytes = wasm_v128_load64_zero(x + i);
    const Vec words = is_signed ? wasm_i16x8_extend_low_i8x16(bytes) : wasm_u16x8_extend_low_u8x16(bytes);
    const Vec low = wasm_f32x4_convert_i32x4(wasm_i32x4_extend_low_i16x8(words));
    const Vec high = wasm_f32x4_convert_i32x4(wasm_i32x4_extend_high_i16x8(words));
    Store(y + i, Mul(Sub(low, z), s));
    Store(y + i + 4, Mul(Sub(high, z), s));
  }
  for (; i < count; ++i) {
    y[i] = (static_cast<float>(is_signed ? static_cast<int8_t>(x[i]) : static_cast<int>(x[i])) - zero) * scale;
  }
}

bool IsByte(DType dtype) { return dtype == DType::kUint8 || dtype == DType::kInt8; }

// Runs `work(first, last)` over the elements; parts meet at whole bytes of every type.
template <typename F>
void Split(const Quantization& q, ThreadPool& pool, const F& work) {
  const int64_t count = q.view.outer * q.view.length * q.view.inner;
  if (pool.size() == 1 || count < kParallelWork) return work(0, count);
  const int tasks = pool.size() * 4;
  pool.ParallelFor(tasks, [&](int task, int) {
    const auto edge = [&](int64_t part) { return part == tasks ? count : count / tasks * part / 8 * 8; };
    work(edge(task), edge(task + 1));
  });
}

}  // namespace

void Quantize(const Quantization& q, Numbers x, Numbers scale, Numbers zero_point, MutableNumbers y, ThreadPool& pool) {
  const bool integer = IsInteger(y.dtype);
  const bool bytes = x.dtype == DType::kFloat32 && IsByte(y.dtype);
  const Range range = RangeOf(y.dtype);
  Split(q, pool, [&](int64_t first, int64_t last) {
    Parameters scales, zeros;
    float block[kChunk];
    ForEachRun(q, first, last, [&](const Run& run) {
      scales.Read(scale, run);
      zeros.Read(zero_point, run);
      if (bytes && !run.moves) {
        return QuantizeBytes(static_cast<const float*>(x.data) + run.first, run.count, scales[0], zeros[0],
                             y.dtype == DType::kInt8, static_cast<uint8_t*>(y.data) + run.first);
      }
      LoadFloats(x.dtype, x.data, run.first, run.count, block);
      if (!integer) {
        for (int64_t i = 0; i < run.count; ++i) block[i] = block[i] / scales[i] + zeros[i];
        return StoreElements(y.dtype, block, run.first, run.count, y.data, q.saturate);
      }
      for (int64_t i = 0; i < run.count; ++i) {
        const float rounded = std::nearbyint(block[i] / scales[i]) + zeros[i];
        block[i] = std::min(std::max(rounded, range.low), range.high);
      }
      StoreFloats(y.dtype, block, run.first, run.count, y.data);
    });
  });
}

void Dequantize(const Quantization& q, Numbers x, Numbers scale, Numbers zero_point, MutableNumbers y, ThreadPool& pool) {
  const bool bytes = IsByte(x.dtype) && y.dtype == DType::kFloat32;
  Split(q, pool, [&](int64_t first, int64_t last) {
    Parameters scales, zeros;
    float block[kChunk];
    ForEachRun(q, first, last, [&](const Run& run) {
      scales.Read(scale, run);
      zeros.Read(zero_point, run);
      if (bytes && !run.moves) {
        return DequantizeBytes(static_cast<const uint8_t*>(x.data) + run.first, run.count, scales[0], zeros[0],
                               x.dtype == DType::kInt8, static_cast<float*>(y.data) + run.first);
      }
      LoadFloats(x.dtype, x.data, run.first, run.count, block);
      for (int64_t i = 0; i < run.count; ++i) block[i] = (block[i] - zeros[i]) * scales[i];
      StoreFloats(y.dtype, block, run.first, run.count, y.data);
    });
  });
}

}  // namespace webinfer::kernels
