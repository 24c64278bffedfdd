#include "kernels/normalize.h"

#include <algorithm>
#include <cmath>

#include "kernels/elements.h"
#include "kernels/reduce.h"
#include "kernels/simd.h"

namespace webinfer::kernels {

namespace {

constexpr int64_t kParallelWork = 1 << 14;

// The sum of (x - mean)^2.
float SquaredDifferences(const float* x, int64_t length, float mean) {
  const Vec m = Splat(mean);
  Vec a = Zero(), b = Zero(), c = Zero(), d = Zero();
  int64_t i = 0;
  WEBINFER_NO_UNROLL for (; i + 16 <= length; i += 16) {
    const Vec x0 = Sub(Load(x + i), m), x1 = Sub(Load(x + i + 4), m);
    const Vec x2 = Sub(Load(x + i + 8), m), x3 = Sub(Load(x + i + 12), m);
    a = Madd(x0, x0, a), b = Madd(x1, x1, b), c = Madd(x2, x2, c), d = Madd(x3, x3, d);
  }
  float sum = HorizontalSum(Add(Add(a, b), Add(c, d)));
  for (; i < length; ++i) sum += (x[i] - mean) * (x[i] - mean);
  return sum;
}

// y = (x - shift) * factor, times scale, plus bias where those are given.
void ShiftScale(const float* x, int64_t length, float shift, float factor, const float* scale, const float* bias, float* y) {
  const Vec m = Splat(shift), f = Splat(factor);
  int64_t i = 0;
  if (scale != nullptr && bias != nullptr) {
    WEBINFER_NO_UNROLL for (; i + 4 <= length; i += 4) {
      Store(y + i, Madd(Mul(Sub(Load(x + i), m), f), Load(scale + i), Load(bias + i)));
    }
  } else if (scale != nullptr) {
    WEBINFER_NO_UNROLL for (; i + 4 <= length; i += 4) Store(y + i, Mul(Mul(Sub(Load(x + i), m), f), Load(scale + i)));
  }
  for (; i < length; ++i) {
    const float normal = (x[i] - shift) * factor * (scale != nullptr ? scale[i] : 1);
    y[i] = bias != nullptr ? normal + bias[i] : normal;
  }
}

// y = x * factor + offset.
void Affine(const float* x, int64_t length, float factor, float offset, float* y) {
  const Vec f = Splat(factor), o = Splat(offset);
  int64_t i = 0;
  WEBINFER_NO_UNROLL for (; i + 8 <= length; i += 8) {
    Store(y + i, Madd(Load(x + i), f, o));
    Store(y + i + 4, Madd(Load(x + i + 4), f, o));
  }
  for (; i < length; ++i) y[i] = x[i] * factor + offset;
}

void AddTo(float* sum, const float* x, int64_t length) {
  int64_t i = 0;
  WEBINFER_NO_UNROLL for (; i + 4 <= length; i += 4) Store(sum + i, Add(Load(sum + i), Load(x + i)));
  for (; i < length; ++i) sum[i] += x[i];
}

constexpr uint64_t RowBytes(int64_t length) { return (static_cast<uint64_t>(length) * 4 + 63) / 64 * 64; }

// Calls f(first, last, thread) for parts of [0, count).
template <typename F>
void Split(int64_t count, int64_t work, ThreadPool& pool, const F& f) {
  if (count == 0) return;
  if (pool.size() == 1 || count == 1 || work < kParallelWork) return f(0, count, 0);
  const int tasks = static_cast<int>(std::min<int64_t>(count, int64_t{pool.size()} * 4));
  pool.ParallelFor(tasks, [&](int task, int thread) { f(count * task / tasks, count * (task + 1) / tasks, thread); });
}

const float* Direct(const Numbers& numbers, int64_t offset) {
  return numbers.dtype == DType::kFloat32 && numbers.data != nullptr ? static_cast<const float*>(numbers.data) + offset : nullptr;
}
float* Direct(const MutableNumbers& numbers, int64_t offset) {
  return numbers.dtype == DType::kFloat32 && numbers.data != nullptr ? static_cast<float*>(numbers.data) + offset : nullptr;
}

// Row r of an operand that repeats after `rows` rows: where it lies if it is float32, else widened into `block`; null if absent.
const float* RowOf(const Numbers& numbers, int64_t row, int64_t length, float* block) {
  if (numbers.data == nullptr) return nullptr;
  if (const float* direct = Direct(numbers, row * length)) return direct;
  LoadFloats(numbers.dtype, numbers.data, row * length, length, block);
  return block;
}

// Buffers of one thread: the row that is normalised, the result, a summand, scale, bias.
enum { kRow, kResult, kSummand, kScale, kBias, kBuffers };

}  // namespace

uint64_t LayerNormScratchBytes(const LayerNorm& norm, int threads) {
  return kBuffers * RowBytes(norm.length) * static_cast<uint64_t>(threads < 1 ? 1 : threads);
}

void RunLayerNorm(const LayerNorm& norm, const LayerNormOperands& o, uint8_t* scratch, ThreadPool& pool) {
  const int64_t length = norm.length;
  Split(norm.rows, norm.rows * length, pool, [&](int64_t first, int64_t last, int thread) {
    float* buffers[kBuffers];
    for (uint64_t i = 0; i < kBuffers; ++i) {
      buffers[i] = reinterpret_cast<float*>(scratch + (static_cast<uint64_t>(thread) * kBuffers + i) * RowBytes(length));
    }
    const float *scale = nullptr, *bias = nullptr;
    for (int64_t r = first; r < last; ++r) {
      if (scale == nullptr || norm.scale_rows > 1) scale = RowOf(o.scale, r % norm.scale_rows, length, buffers[kScale]);
      if (bias == nullptr || norm.bias_rows > 1) bias = RowOf(o.bias, r % norm.bias_rows, length, buffers[kBias]);
      const float* x = RowOf(o.x, r, length, buffers[kRow]);
      if (norm.skip_rows > 0) {
        if (x != buffers[kRow]) std::copy(x, x + length, buffers[kRow]);
        x = buffers[kRow];
        AddTo(buffers[kRow], RowOf(o.skip, r % norm.skip_rows, length, buffers[kSummand]), length);
        if (o.skip_bias.data != nullptr) AddTo(buffers[kRow], RowOf(o.skip_bias, 0, length, buffers[kSummand]), length);
        if (o.sum.data != nullptr) StoreFloats(o.sum.dtype, x, r * length, length, o.sum.data);
      }
      const float mean = norm.centred ? SumOf(x, length) / static_cast<float>(length) : 0;
      const float variance = SquaredDifferences(x, length, mean) / static_cast<float>(length);
      const float inverse = 1 / std::sqrt(variance + norm.epsilon);
      float* y = Direct(o.y, r * length);
      ShiftScale(x, length, mean, inverse, scale, bias, y != nullptr ? y : buffers[kResult]);
      if (y == nullptr) StoreFloats(o.y.dtype, buffers[kResult], r * length, length, o.y.data);
      if (o.mean.data != nullptr) StoreFloats(o.mean.dtype, &mean, r, 1, o.mean.data);
      if (o.inverse_deviation.data != nullptr) StoreFloats(o.inverse_deviation.dtype, &inverse, r, 1, o.inverse_deviation.data);
    }
  });
}

uint64_t GroupNormScratchBytes(const GroupNorm& norm, DType dtype, int threads) {
  return dtype == DType::kFloat32 ? 0 : RowBytes(norm.channels * norm.spatial) * static_cast<uint64_t>(threads < 1 ? 1 : threads);
}

void RunGroupNorm(const GroupNorm& norm, Numbers x, Numbers scale, Numbers bias, MutableNumbers y, uint8_t* scratch,
                  ThreadPool& pool) {
  const int64_t length = norm.channels * norm.spatial, rows = norm.batch * norm.groups;
  Split(rows, rows * length, pool, [&](int64_t first, int64_t last, int thread) {
    float* block = reinterpret_cast<float*>(scratch + static_cast<uint64_t>(thread) * RowBytes(length));
    for (int64_t r = first; r < last; ++r) {
      const float* in = RowOf(x, r, length, block);
      float* out = Direct(y, r * length);
      if (out == nullptr) out = block;
      const float mean = SumOf(in, length) / static_cast<float>(length);
      const float inverse = 1 / std::sqrt(SquaredDifferences(in, length, mean) / static_cast<float>(length) + norm.epsilon);
      for (int64_t c = 0; c < norm.channels; ++c) {
        const int64_t group = r % norm.groups, parameter = norm.per_group ? group : group * norm.channels + c;
        float a = 1, b = 0;
        LoadFloats(scale.dtype, scale.data, parameter, 1, &a);
        LoadFloats(bias.dtype, bias.data, parameter, 1, &b);
        Affine(in + c * norm.spatial, norm.spatial, a * inverse, b - mean * a * inverse, out + c * norm.spatial);
      }
      if (out == block) StoreFloats(y.dtype, block, r * length, length, y.data);
    }
  });
}

void RunLocalResponse(const LocalResponse& norm, const float* x, float* y, ThreadPool& pool) {
  const int64_t before = (norm.size - 1) / 2, after = norm.size - 1 - before;
  const float alpha = norm.alpha / static_cast<float>(norm.size);
  constexpr int64_t kBlock = 256;
  const int64_t rows = norm.batch * norm.channels;
  Split(rows, rows * norm.spatial * norm.size, pool, [&](int64_t first, int64_t last, int) {
    for (int64_t r = first; r < last; ++r) {
      const int64_t channel = r % norm.channels;
      const int64_t low = std::max<int64_t>(0, channel - before), high = std::min(norm.channels - 1, channel + after);
      for (int64_t s = 0; s < norm.spatial; s += kBlock) {
        const int64_t count = std::min(kBlock, norm.spatial - s);
        float sums[kBlock] = {};
        for (int64_t c = low; c <= high; ++c) {
          const float* from = x + (r - channel + c) * norm.spatial + s;
          for (int64_t i = 0; i < count; ++i) sums[i] += from[i] * from[i];
        }
        const float* in = x + r * norm.spatial + s;
        float* out = y + r * norm.spatial + s;
        for (int64_t i = 0; i < count; ++i) {
          const float base = norm.bias + alpha * sums[i];
          const float root = std::sqrt(base);
          out[i] = norm.beta == 0.75f ? in[i] / (root * std::sqrt(root)) : in[i] / std::pow(base, norm.beta);
        }
      }
    }
  });
}

}  // namespace webinfer::kernels
