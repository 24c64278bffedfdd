// Products of float rows with 4-bit weights in blocks along the depth: w = scale * (nibble - zero), one scale and zero per
// block and column. Nothing is rounded on the way: nibbles become floats in registers, or (for more rows) a panel of them in
// cache, and the sums are those of the float weights.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/thread_pool.h"

namespace webinfer::kernels {

// y[m x n] = x[m x k] w[k x n] + bias. `block` is a multiple of 4; the last block of a column may reach beyond k.
struct NBitsGemm {
  int m = 0, n = 0, k = 0, block = 32;
  const float* x = nullptr;
  const void* packed = nullptr;
  const float* bias = nullptr;
  float* y = nullptr;

  int blocks() const { return (k + block - 1) / block; }
};

// onnxruntime's MatMulNBits: nibbles [n][blocks][block / 2], low half first; scales [n][blocks]; zeros as nibbles
// [n][ceil(blocks / 2)], or as floats [n][blocks], or neither (8).
struct NBitsWeights {
  const uint8_t* nibbles = nullptr;
  const float* scales = nullptr;
  const uint8_t* zeros = nullptr;
  const float* float_zeros = nullptr;
};

size_t PackedNBitsBytes(const NBitsGemm& shape);
void PackNBits(const NBitsGemm& shape, const NBitsWeights& weights, void* packed);

size_t NBitsScratchFloats(const NBitsGemm& gemm, int threads);
void RunNBits(const NBitsGemm& gemm, float* scratch, ThreadPool& pool);

}  // namespace webinfer::kernels
