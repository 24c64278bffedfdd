// What every benchmark of kernels shares: one thread, and the machine's ceiling to compare with.
#pragma once

#include "base/thread_pool.h"
#include "kernels/simd.h"

namespace webinfer::kernels {

inline ThreadPool& OneThread() {
  static ThreadPool pool(1);
  return pool;
}

// Twelve independent sums: what the multiply-add units give when nothing else is in the way. 96 operations a step.
inline WEBINFER_NOINLINE float BareLoop(int steps) {
  Vec sums[12];
  for (int i = 0; i < 12; ++i) sums[i] = Splat(static_cast<float>(i) * 1e-3f);
  const Vec x = Opaque(0.999f), y = Opaque(1e-3f);
  WEBINFER_NO_UNROLL
  for (int step = 0; step < steps; ++step) {
    WEBINFER_UNROLL
    for (int i = 0; i < 12; ++i) sums[i] = Madd(sums[i], x, y);
  }
  float total = 0;
  for (const Vec sum : sums) total += HorizontalSum(sum);
  return total;
}

}  // namespace webinfer::kernels
