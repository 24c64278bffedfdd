// Rotary position embedding: turns pairs of elements of each head by an angle that depends on the token's position.
#pragma once

#include "kernels/attention.h"

namespace webinfer::kernels {

struct Rotary {
  int batch = 1, heads = 1, tokens = 0, size = 0;
  int rotated = 0;           // elements of a head that are turned; the others are copied
  bool interleaved = false;  // pairs are (2i, 2i + 1); otherwise (i, i + rotated / 2)
  HeadStrides x_strides, y_strides;
  const float *x = nullptr, *cos = nullptr, *sin = nullptr;  // cos and sin: rows of rotated / 2
  float* y = nullptr;
};

// `rows[batch * tokens]` says which row of cos and sin a token takes; nullptr: its own number.
void RunRotary(const Rotary& rotary, const int64_t* rows, ThreadPool& pool);

}  // namespace webinfer::kernels
