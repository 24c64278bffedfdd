#include "kernels/resize.h"

#include <algorithm>
#include <cstring>

#include "kernels/simd.h"

namespace webinfer::kernels {
namespace {

constexpr int64_t kTaskFloats = 16 << 10;  // outputs of one task, roughly

// y[i] = sum of weight * (row of tap)[i].
void MixRows(const float* x, int64_t inner, int taps, const int32_t* indices, const float* weights, float* y) {
  int64_t i = 0;
  if (taps == 2) {
    const float *a = x + indices[0] * inner, *b = x + indices[1] * inner;
    const Vec wa = Opaque(weights[0]), wb = Opaque(weights[1]);
    for (; i + 4 <= inner; i += 4) Store(y + i, Madd(Load(b + i), wb, Mul(Load(a + i), wa)));
  } else {
    for (; i + 4 <= inner; i += 4) {
      Vec sum = Zero();
      for (int t = 0; t < taps; ++t) sum = Madd(LoadSplat(weights + t), Load(x + indices[t] * inner + i), sum);
      Store(y + i, sum);
    }
  }
  for (; i < inner; ++i) {
    float sum = 0;
    for (int t = 0; t < taps; ++t) sum += weights[t] * x[indices[t] * inner + i];
    y[i] = sum;
  }
}

void CopyBlock(const uint8_t* from, int64_t bytes, uint8_t* to) {
  switch (bytes) {
    case 1: *to = *from; return;
    case 2: std::memcpy(to, from, 2); return;
    case 4: std::memcpy(to, from, 4); return;
    case 8: std::memcpy(to, from, 8); return;
    case 16: Store(to, Load(from)); return;
    default: std::memcpy(to, from, static_cast<size_t>(bytes));
  }
}

}  // namespace

void RunResizeAxis(const ResizeAxis& a, const float* x, float* y, ThreadPool& pool) {
  const int64_t rows = a.outer * a.out, per_task = std::max<int64_t>(1, kTaskFloats / std::max<int64_t>(a.inner, 1));
  pool.ParallelFor(static_cast<int>((rows + per_task - 1) / per_task), [&](int task, int) {
    for (int64_t row = task * per_task, end = std::min(rows, row + per_task); row < end; ++row) {
      const int64_t j = row % a.out;
      float* to = y + row * a.inner;
      if (a.outside != nullptr && a.outside[j] != 0) {
        std::fill(to, to + a.inner, a.outside_value);
      } else {
        MixRows(x + row / a.out * a.in * a.inner, a.inner, a.taps, a.indices + j * a.taps, a.weights + j * a.taps, to);
      }
    }
  });
}

void RunResizeNearest(const ResizeNearest& r, const void* x, void* y, ThreadPool& pool) {
  const int last = r.rank - 1;
  int64_t rows = 1;
  for (int axis = 0; axis < last; ++axis) rows *= r.out[axis];
  const int64_t row_bytes = r.out[last] * r.block_bytes;
  const int64_t per_task = std::max<int64_t>(1, 4 * kTaskFloats / std::max<int64_t>(row_bytes, 1));
  pool.ParallelFor(static_cast<int>((rows + per_task - 1) / per_task), [&](int task, int) {
    for (int64_t row = task * per_task, end = std::min(rows, row + per_task); row < end; ++row) {
      int64_t source = 0, step = 1, rest = row;
      for (int axis = last - 1; axis >= 0; --axis) {
        source += r.indices[axis][rest % r.out[axis]] * step;
        rest /= r.out[axis];
        step *= r.in[axis];
      }
      const auto* from = static_cast<const uint8_t*>(x) + source * r.in[last] * r.block_bytes;
      auto* to = static_cast<uint8_t*>(y) + row * row_bytes;
      for (int64_t j = 0; j < r.out[last]; ++j, to += r.block_bytes)
        CopyBlock(from + r.indices[last][j] * r.block_bytes, r.block_bytes, to);
    }
  });
}

}  // namespace webinfer::kernels
