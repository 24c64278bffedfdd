#include "kernels/quantize.h"

#include <algorithm>
#include <cmath>

#include "kernels/elements.h"

namespace webinfer::kernels {

namespace {

constexpr int64_t kChunk = 256;
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
  const Range range = RangeOf(y.dtype);
  Split(q, pool, [&](int64_t first, int64_t last) {
    Parameters scales, zeros;
    float block[kChunk];
    ForEachRun(q, first, last, [&](const Run& run) {
      LoadFloats(x.dtype, x.data, run.first, run.count, block);
      scales.Read(scale, run);
      zeros.Read(zero_point, run);
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
  Split(q, pool, [&](int64_t first, int64_t last) {
    Parameters scales, zeros;
    float block[kChunk];
    ForEachRun(q, first, last, [&](const Run& run) {
      LoadFloats(x.dtype, x.data, run.first, run.count, block);
      scales.Read(scale, run);
      zeros.Read(zero_point, run);
      for (int64_t i = 0; i < run.count; ++i) block[i] = (block[i] - zeros[i]) * scales[i];
      StoreFloats(y.dtype, block, run.first, run.count, y.data);
    });
  });
}

}  // namespace webinfer::kernels
