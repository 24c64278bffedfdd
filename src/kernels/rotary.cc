#include "kernels/rotary.h"

#include <algorithm>

#include "kernels/simd.h"

namespace webinfer::kernels {
namespace {

void TurnHalves(const float* x, const float* cos, const float* sin, int half, float* y) {
  int i = 0;
  for (; i + 4 <= half; i += 4) {
    const Vec a = Load(x + i), b = Load(x + half + i), c = Load(cos + i), s = Load(sin + i);
    Store(y + i, Nmadd(b, s, Mul(a, c)));
    Store(y + half + i, Madd(a, s, Mul(b, c)));
  }
  for (; i < half; ++i) {
    const float a = x[i], b = x[half + i];
    y[i] = a * cos[i] - b * sin[i];
    y[half + i] = b * cos[i] + a * sin[i];
  }
}

void TurnPairs(const float* x, const float* cos, const float* sin, int half, float* y) {
  for (int i = 0; i < half; ++i) {
    const float a = x[2 * i], b = x[2 * i + 1];
    y[2 * i] = a * cos[i] - b * sin[i];
    y[2 * i + 1] = b * cos[i] + a * sin[i];
  }
}

}  // namespace

void RunRotary(const Rotary& r, const int64_t* rows, ThreadPool& pool) {
  const int half = r.rotated / 2;
  pool.ParallelFor(r.batch * r.tokens, [&](int task, int) {
    const int batch = task / r.tokens, token = task % r.tokens;
    const int64_t row = rows != nullptr ? rows[task] : task;
    const float *cos = r.cos + row * half, *sin = r.sin + row * half;
    for (int head = 0; head < r.heads; ++head) {
      const float* x = r.x + batch * r.x_strides.batch + head * r.x_strides.head + token * r.x_strides.row;
      float* y = r.y + batch * r.y_strides.batch + head * r.y_strides.head + token * r.y_strides.row;
      r.interleaved ? TurnPairs(x, cos, sin, half, y) : TurnHalves(x, cos, sin, half, y);
      if (x != y) std::copy(x + 2 * half, x + r.size, y + 2 * half);
    }
  });
}

}  // namespace webinfer::kernels
