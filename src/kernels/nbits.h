// Products of float rows with weights of few bits in blocks along the depth: w = scale * (code - zero), one scale and zero per
// block and column, or w = scale * table[code].
//
// Exact by default: the sums are those of the float weights, rows held as floats or in 24 bits with one scale per block. With
// `int8` rows are rounded to 8 bits.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/thread_pool.h"

namespace webinfer::kernels {

// y[m x n] = x[m x k] w[k x n] + bias. `block` is a multiple of 4; the last block of a column may reach beyond k.
struct NBitsGemm {
  int m = 0, n = 0, k = 0, block = 32;
  int bits = 4;                  // of a code as it comes: 1 to 8
  bool zeros = false;            // packed with zeros; otherwise they are 2^(bits - 1)
  bool int8 = false;             // rows are rounded to 8 bits
  const float* table = nullptr;  // 16 values of 4-bit codes; neither zeros nor int8
  const float* x = nullptr;
  const void* packed = nullptr;
  const float* bias = nullptr;
  float* y = nullptr;

  int blocks() const { return (k + block - 1) / block; }
};

// onnxruntime's MatMulNBits: codes [n][blocks][block * bits / 8], low bits first; scales [n][blocks]; zeros as codes
// [n][ceil(blocks * bits / 8)], or as floats [n][blocks], or neither. Codes of 3, 5, 6 and 7 bits lie in planes: their highest
// bit, then two bits, then four, as far as the width has them.
struct NBitsWeights {
  const uint8_t* codes = nullptr;
  const float* scales = nullptr;
  const uint8_t* zeros = nullptr;
  const float* float_zeros = nullptr;
  bool high_first = false;  // of the two 4-bit codes in a byte
};

int CodeBytes(int count, int bits);  // of `count` codes

size_t PackedNBitsBytes(const NBitsGemm& shape);
void PackNBits(const NBitsGemm& shape, const NBitsWeights& weights, void* packed);
// Column `column` of the weights as k floats: what the product is defined by. With `groups`, row k takes the scale and zero of
// block groups[k] instead of its own.
void ExpandColumn(const NBitsGemm& shape, const NBitsWeights& weights, const int32_t* groups, int column, float* to);

size_t NBitsScratchBytes(const NBitsGemm& gemm, int threads);
void RunNBits(const NBitsGemm& gemm, void* scratch, ThreadPool& pool);

}  // namespace webinfer::kernels
