// Pooling over channels-last images, 1 to 3 spatial axes.
#pragma once

#include "kernels/conv.h"

namespace webinfer::kernels {

enum class PoolKind : uint8_t { kMax, kAverage, kLp };

struct Pool {
  ConvGeometry geometry;  // filters, group and weights do not matter
  PoolKind kind = PoolKind::kMax;
  int pad_end[3] = {};             // kAverage that counts padding: where it ends
  bool count_include_pad = false;  // kAverage
  int p = 2;                       // kLp: the norm
};

size_t PoolScratchBytes(const Pool& pool, int threads);
void RunPool(const Pool& pool, const float* x, float* y, void* scratch, ThreadPool& threads);

}  // namespace webinfer::kernels
