// What MatMulNBits and MatMulBnb4 share: float rows times weights of few bits, packed once if they are constant, in each run
// otherwise; weights that no packed form fits become floats.
#pragma once

#include "kernels/nbits.h"
#include "ops/op.h"

namespace webinfer::ops {

// The weights as a file has them. `groups` (k entries): which scale and zero of its column a row takes, if not its block's.
struct FewBitsWeights {
  kernels::NBitsWeights weights;
  const int32_t* groups = nullptr;
};

struct FewBits {
  kernels::NBitsGemm gemm;  // as the weights lie; its m, x, packed, bias and y are set by Bind and Run
  bool dense = false;       // floats in panels
  bool transposed = false;  // dense only: k and n are exchanged
  uint64_t packed_bytes = 0;
  uint64_t scratch_bytes = 0;  // what the product needs; packed weights follow
  uint64_t total_bytes = 0;    // of scratch

  int depth() const { return transposed ? gemm.n : gemm.k; }
  int columns() const { return transposed ? gemm.k : gemm.n; }
};

// Fills in packed_bytes.
void SizeFewBits(FewBits* shape);
// Bytes of working memory to pack.
uint64_t PackingBytes(const FewBits& shape);
void PackFewBits(const FewBits& shape, const FewBitsWeights& weights, void* packed, float* working);

// Packs constant weights into slot 0.
Status KeepFewBits(PrepareContext& ctx, FewBits shape, const FewBitsWeights& weights);
// Sets scratch for `shape` and its rows; weights that were not kept are packed there in the run.
Status BindFewBits(BindContext& ctx, FewBits* shape, int64_t rows);
// `weights` is only asked for when they were not kept.
Status RunFewBits(const Step& step, RunContext& run, const FewBits& shape, const FewBitsWeights& weights, const float* bias);

}  // namespace webinfer::ops
