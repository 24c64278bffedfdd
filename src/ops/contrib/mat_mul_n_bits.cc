// com.microsoft.MatMulNBits: float rows times 4-bit weights in blocks, exact at every accuracy_level. The weights must be
// constant; float16 computes in float32.
#include <climits>

#include "kernels/nbits.h"
#include "ops/float32.h"
#include "ops/nn/prepared.h"

namespace webinfer::ops {
namespace {

enum Input { kA, kB, kScales, kZeros, kGroupIndex, kBias };

int64_t Depth(const InferContext& ctx) { return ctx.attributes().Int("K", 0); }
int64_t Columns(const InferContext& ctx) { return ctx.attributes().Int("N", 0); }

Status InferMatMulNBits(InferContext& ctx) {
  Shape out = ctx.In(kA).shape;
  if (out.rank_known() && out.rank() > 0) {
    const int64_t k = out[out.rank() - 1];
    if (k >= 0 && k != Depth(ctx)) {
      return Error(Code::kShapeMismatch, "MatMulNBits: A does not have K columns")
          .Expected("%lld", static_cast<long long>(Depth(ctx)))
          .Actual("%s", ShapeText(out).text);
    }
    out[out.rank() - 1] = Columns(ctx);
  }
  return ctx.SetOutput(0, ctx.In(kA).dtype, out);
}

Status ReadShape(const InferContext& ctx, kernels::NBitsGemm* g) {
  const int64_t bits = ctx.attributes().Int("bits", 4), block = ctx.attributes().Int("block_size", 32);
  const bool valid = Depth(ctx) > 0 && Depth(ctx) <= INT_MAX && Columns(ctx) > 0 && Columns(ctx) <= INT_MAX && block >= 4 &&
                     block % 4 == 0 && block <= 65536;
  if (bits != 4 || !valid || ctx.HasInput(kGroupIndex)) {
    return Error(Code::kUnsupported, "MatMulNBits of this kind")
        .Expected("4 bits, blocks of a multiple of 4, no g_idx")
        .Actual("%lld bits, blocks of %lld", static_cast<long long>(bits), static_cast<long long>(block));
  }
  g->k = static_cast<int>(Depth(ctx));
  g->n = static_cast<int>(Columns(ctx));
  g->block = static_cast<int>(block);
  return OkStatus();
}

Status RunMatMulNBits(const Step& step, RunContext& run) {
  kernels::NBitsGemm g = step.Params<kernels::NBitsGemm>();
  g.x = step.in[kA].As<float>();
  g.packed = PreparedFloats(*step.node, 0);
  g.y = step.out[0].As<float>();
  if (step.HasInput(kBias)) g.bias = step.in[kBias].As<float>();
  kernels::RunNBits(g, reinterpret_cast<float*>(step.scratch), run.pool());
  return OkStatus();
}

Status BindMatMulNBits(BindContext& ctx) {
  if (PreparedFloats(ctx.node(), 0) == nullptr)
    return Error(Code::kUnsupported, "MatMulNBits needs constant weights, scales and zero points");
  WEBINFER_ASSIGN(kernels::NBitsGemm * g, ctx.Params<kernels::NBitsGemm>());
  WEBINFER_TRY(ReadShape(ctx, g));
  const int64_t rows = ctx.In(kA).shape.Elements() / g->k;
  if (rows > INT_MAX) return Error(Code::kUnsupported, "MatMulNBits of this size");
  g->m = static_cast<int>(rows);
  ctx.SetKernel(RunMatMulNBits);
  ctx.SetScratch(kernels::NBitsScratchFloats(*g, ctx.threads()) * sizeof(float));
  return OkStatus();
}

Status PrepareMatMulNBits(PrepareContext& ctx) {
  kernels::NBitsGemm g;
  WEBINFER_TRY(ReadShape(ctx, &g));
  const Tensor *b = ctx.Constant(kB), *scales = ctx.Constant(kScales), *zeros = ctx.Constant(kZeros);
  if (b == nullptr || scales == nullptr || scales->dtype != DType::kFloat32 || (ctx.HasInput(kZeros) && zeros == nullptr))
    return OkStatus();
  const int64_t blocks = g.blocks(), n = g.n;
  const bool float_zeros = zeros != nullptr && zeros->dtype == DType::kFloat32;
  const int64_t zero_count = float_zeros ? n * blocks : n * ((blocks + 1) / 2);
  if (b->dtype != DType::kUint8 || b->shape.Elements() != n * blocks * g.block / 2 || scales->shape.Elements() != n * blocks ||
      (zeros != nullptr && (zeros->shape.Elements() != zero_count || (!float_zeros && zeros->dtype != DType::kUint8)))) {
    return Error(Code::kShapeMismatch, "MatMulNBits' weights, scales and zero points do not fit together")
        .Expected("B [%lld,%lld,%d]", static_cast<long long>(n), static_cast<long long>(blocks), g.block / 2)
        .Actual("B %s, scales %s", ShapeText(b->shape).text, ShapeText(scales->shape).text);
  }
  WEBINFER_ASSIGN(float* packed, KeepFloats(ctx, 0, kernels::PackedNBitsBytes(g) / sizeof(float)));
  kernels::NBitsWeights weights{b->As<uint8_t>(), scales->As<float>(), nullptr, nullptr};
  if (zeros != nullptr && float_zeros) weights.float_zeros = zeros->As<float>();
  if (zeros != nullptr && !float_zeros) weights.zeros = zeros->As<uint8_t>();
  kernels::PackNBits(g, weights, packed);
  for (int i = kB; i <= kZeros; ++i) ctx.Drop(i);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_MatMulNBits) {
  using namespace webinfer::ops;
  return {.name = "MatMulNBits",
          .domain = "com.microsoft",
          .min_inputs = 3,
          .max_inputs = 6,
          .infer = InferMatMulNBits,
          .bind = BindMatMulNBits,
          .lower = LowerHalf,
          .prepare = PrepareMatMulNBits};
}
