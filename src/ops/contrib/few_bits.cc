#include "ops/contrib/few_bits.h"

#include <algorithm>
#include <climits>

#include "kernels/gemm.h"
#include "ops/nn/prepared.h"

namespace webinfer::ops {
namespace {

using kernels::kPanelColumns;

uint64_t Align(uint64_t bytes) { return (bytes + 63) / 64 * 64; }

}  // namespace

void SizeFewBits(FewBits* shape) {
  shape->packed_bytes = shape->dense ? kernels::PackedFloats(shape->depth(), shape->columns()) * sizeof(float)
                                     : kernels::PackedNBitsBytes(shape->gemm);
}

uint64_t PackingBytes(const FewBits& shape) {
  if (!shape.dense) return 0;
  const auto k = static_cast<uint64_t>(shape.gemm.k), n = static_cast<uint64_t>(shape.gemm.n);
  return sizeof(float) * k * (shape.transposed ? n : kPanelColumns);
}

void PackFewBits(const FewBits& shape, const FewBitsWeights& w, void* packed, float* working) {
  const kernels::NBitsGemm& g = shape.gemm;
  if (!shape.dense) return kernels::PackNBits(g, w.weights, packed);
  auto* to = static_cast<float*>(packed);
  const auto k = static_cast<size_t>(g.k);
  const int step = shape.transposed ? g.n : kPanelColumns;
  for (int first = 0; first < g.n; first += step) {
    const int count = std::min(step, g.n - first);
    for (int j = 0; j < count; ++j)
      kernels::ExpandColumn(g, w.weights, w.groups, first + j, working + static_cast<size_t>(j) * k);
    if (shape.transposed) {
      kernels::PackB(working, k, 1, g.n, g.k, 1, to);
    } else {
      kernels::PackB(working, 1, k, g.k, count, 1, to + static_cast<size_t>(first) * k);
    }
  }
}

Status KeepFewBits(PrepareContext& ctx, FewBits shape, const FewBitsWeights& weights) {
  SizeFewBits(&shape);
  WEBINFER_ASSIGN(uint8_t * packed, KeepBytes(ctx, 0, shape.packed_bytes));
  Buffer working;
  WEBINFER_TRY(working.Allocate(PackingBytes(shape), "weights that are packed"));
  PackFewBits(shape, weights, packed, reinterpret_cast<float*>(working.data()));
  return OkStatus();
}

Status BindFewBits(BindContext& ctx, FewBits* shape, int64_t rows) {
  if (rows > INT_MAX) return Error(Code::kUnsupported, "%s of this size", ctx.node().op.c_str());
  shape->gemm.m = static_cast<int>(rows);
  SizeFewBits(shape);
  shape->scratch_bytes = shape->dense ? 0 : Align(kernels::NBitsScratchBytes(shape->gemm, ctx.threads()));
  const bool kept = PreparedBytes(ctx.node(), 0) != nullptr;
  shape->total_bytes = shape->scratch_bytes + (kept ? 0 : Align(shape->packed_bytes) + Align(PackingBytes(*shape)));
  ctx.SetScratch(shape->total_bytes);
  return OkStatus();
}

Status RunFewBits(const Step& step, RunContext& run, const FewBits& shape, const FewBitsWeights& weights, const float* bias) {
  const void* packed = PreparedBytes(*step.node, 0);
  if (packed == nullptr) {
    uint8_t* const here = step.scratch + shape.scratch_bytes;
    PackFewBits(shape, weights, here, reinterpret_cast<float*>(here + Align(shape.packed_bytes)));
    packed = here;
  }
  if (!shape.dense) {
    kernels::NBitsGemm g = shape.gemm;
    g.x = step.in[0].As<float>();
    g.packed = packed;
    g.bias = bias;
    g.y = step.out[0].As<float>();
    kernels::RunNBits(g, step.scratch, run.pool());
    return OkStatus();
  }
  kernels::Gemm gemm{step.in[0].As<float>(),
                     static_cast<size_t>(shape.depth()),
                     kernels::Packed(static_cast<const float*>(packed), shape.depth()),
                     step.out[0].As<float>(),
                     static_cast<size_t>(shape.columns()),
                     shape.gemm.m,
                     shape.columns(),
                     shape.depth(),
                     {}};
  gemm.epilogue.bias = bias;
  kernels::RunGemm(gemm, run.pool());
  return OkStatus();
}

}  // namespace webinfer::ops
