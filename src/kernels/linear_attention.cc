#include "kernels/linear_attention.h"

#include <algorithm>
#include <cmath>

namespace webinfer::kernels {
namespace {

// y += factor * x
void AddScaled(float factor, const float* x, int count, float* y) {
  for (int i = 0; i < count; ++i) y[i] += factor * x[i];
}

// One token of one head of keys and values; `step` counts [batch, token, kv head].
void UpdateState(const LinearAttention& a, int64_t step, float* state, float* change) {
  const float *k = a.k + step * a.key_size, *v = a.v + step * a.value_size;
  for (int i = 0; a.gated && i < a.key_size; ++i) {
    const float factor = std::exp(a.decay[a.decay_per_key ? step * a.key_size + i : step]);
    float* row = state + i * a.value_size;
    for (int j = 0; j < a.value_size; ++j) row[j] *= factor;
  }
  std::copy(v, v + a.value_size, change);
  if (a.delta) {
    for (int i = 0; i < a.key_size; ++i) AddScaled(-k[i], state + i * a.value_size, a.value_size, change);
    const float beta = a.beta[a.beta_per_head ? step : step / a.kv_heads];
    for (int j = 0; j < a.value_size; ++j) change[j] *= beta;
  }
  for (int i = 0; i < a.key_size; ++i) AddScaled(k[i], change, a.value_size, state + i * a.value_size);
}

}  // namespace

void RunLinearAttention(const LinearAttention& a, float* scratch, ThreadPool& pool) {
  const int group = a.heads / a.kv_heads;
  pool.ParallelFor(a.batch * a.kv_heads, [&](int task, int thread) {
    const int batch = task / a.kv_heads, kv_head = task % a.kv_heads;
    float* state = a.state + int64_t{task} * a.key_size * a.value_size;
    for (int token = 0; token < a.tokens; ++token) {
      const int64_t row = int64_t{batch} * a.tokens + token;
      UpdateState(a, row * a.kv_heads + kv_head, state, scratch + int64_t{thread} * a.value_size);
      for (int head = kv_head * group; head < (kv_head + 1) * group; ++head) {
        const float* q = a.q + (row * a.heads + head) * a.key_size;
        float* y = a.y + (row * a.heads + head) * a.value_size;
        std::fill(y, y + a.value_size, 0.0f);
        for (int i = 0; i < a.key_size; ++i) AddScaled(a.scale * q[i], state + i * a.value_size, a.value_size, y);
      }
    }
  });
}

}  // namespace webinfer::kernels
