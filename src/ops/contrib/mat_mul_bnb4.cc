// com.microsoft.MatMulBnb4: float rows times bitsandbytes' 4-bit weights (FP4 or NF4): a table of 16 values, times the largest
// magnitude of each block of the flattened matrix. https://arxiv.org/abs/2305.14314
#include <climits>
#include <numeric>

#include "ops/contrib/few_bits.h"
#include "ops/float32.h"
#include "ops/nn/prepared.h"

namespace webinfer::ops {
namespace {

enum Input { kA, kB, kLargest };

constexpr float kFp4[16] = {0.0f,  5.208333333e-03f,  0.66666667f,  1.0f,  0.33333333f,  0.5f,  0.16666667f,  0.25f,
                            -0.0f, -5.208333333e-03f, -0.66666667f, -1.0f, -0.33333333f, -0.5f, -0.16666667f, -0.25f};
constexpr float kNf4[16] = {-1.0f,
                            -0.6961928009986877f,
                            -0.5250730514526367f,
                            -0.39491748809814453f,
                            -0.28444138169288635f,
                            -0.18477343022823334f,
                            -0.09105003625154495f,
                            0.0f,
                            0.07958029955625534f,
                            0.16093020141124725f,
                            0.24611230194568634f,
                            0.33791524171829224f,
                            0.44070982933044434f,
                            0.5626170039176941f,
                            0.7229568362236023f,
                            1.0f};

// transB 0 multiplies with the matrix as it lies, [N, K]: A has N columns.
Status InferMatMulBnb4(InferContext& ctx) {
  const int64_t k = ctx.attributes().Int("K", 0), n = ctx.attributes().Int("N", 0);
  const bool transposed = ctx.attributes().Int("transB", 1) != 0;
  Shape out = ctx.In(kA).shape;
  if (out.rank_known() && out.rank() > 0) {
    const int64_t depth = transposed ? k : n;
    int64_t& last = out[out.rank() - 1];
    if (last >= 0 && last != depth) {
      return Error(Code::kShapeMismatch, "MatMulBnb4: A does not have %s columns", transposed ? "K" : "N")
          .Expected("%lld", static_cast<long long>(depth))
          .Actual("%s", ShapeText(ctx.In(kA).shape).text);
    }
    last = transposed ? n : k;
  }
  return ctx.SetOutput(0, ctx.In(kA).dtype, out);
}

// A block of the flattened matrix covers whole blocks of its columns, of the largest size that divides both.
struct Bnb4 {
  FewBits shape;
  int64_t block;  // of the file
};

Status ReadBnb4(const InferContext& ctx, Bnb4* p) {
  const int64_t k = ctx.attributes().Int("K", 0), n = ctx.attributes().Int("N", 0);
  p->block = ctx.attributes().Int("block_size", 64);
  const int64_t own = k > 0 && p->block > 0 ? std::gcd(k, p->block) : 0;
  const int64_t quantization = ctx.attributes().Int("quant_type", 1);
  const bool valid = k > 0 && n > 0 && k <= INT_MAX / 8 && n <= INT_MAX / 8 && k <= INT64_MAX / n && own % 4 == 0 && own > 0 &&
                     (quantization == 0 || quantization == 1) && ctx.In(kA).dtype == DType::kFloat32;
  if (!valid) {
    return Error(Code::kUnsupported, "MatMulBnb4 of this kind")
        .Expected("float32 or float16, quant_type 0 or 1, K and block_size multiples of 4")
        .Actual("%s, quant_type %lld, K %lld, block_size %lld", DTypeName(ctx.In(kA).dtype), static_cast<long long>(quantization),
                static_cast<long long>(k), static_cast<long long>(p->block));
  }
  const int64_t elements = k * n;
  const bool fits = ctx.In(kB).dtype == DType::kUint8 && ctx.In(kB).shape.known() &&
                    ctx.In(kB).shape.Elements() == (elements + 1) / 2 && ctx.In(kLargest).dtype == DType::kFloat32 &&
                    ctx.In(kLargest).shape.known() && ctx.In(kLargest).shape.Elements() == (elements + p->block - 1) / p->block;
  if (!fits) {
    return Error(Code::kShapeMismatch, "MatMulBnb4's weights do not fit together")
        .Expected("uint8 [%lld]", static_cast<long long>((elements + 1) / 2))
        .Actual("%s, absmax %s", ShapeText(ctx.In(kB).shape).text, ShapeText(ctx.In(kLargest).shape).text);
  }
  kernels::NBitsGemm& g = p->shape.gemm;
  g.k = static_cast<int>(k);
  g.n = static_cast<int>(n);
  g.block = static_cast<int>(own);
  g.table = quantization == 0 ? kFp4 : kNf4;
  p->shape.transposed = p->shape.dense = ctx.attributes().Int("transB", 1) == 0;
  return OkStatus();
}

uint64_t ScaleCount(const Bnb4& p) {
  return static_cast<uint64_t>(p.shape.gemm.n) * static_cast<uint64_t>(p.shape.gemm.blocks());
}

FewBitsWeights ReadWeights(const Bnb4& p, const uint8_t* codes, const float* largest, float* scales) {
  const kernels::NBitsGemm& g = p.shape.gemm;
  for (uint64_t i = 0; i < ScaleCount(p); ++i)
    scales[i] = largest[i * static_cast<uint64_t>(g.block) / static_cast<uint64_t>(p.block)];
  FewBitsWeights w;
  w.weights.codes = codes;
  w.weights.scales = scales;
  w.weights.high_first = true;
  return w;
}

Status RunMatMulBnb4(const Step& step, RunContext& run) {
  const auto& p = step.Params<Bnb4>();
  FewBitsWeights w;
  if (PreparedBytes(*step.node, 0) == nullptr) {
    auto* const scales = reinterpret_cast<float*>(step.scratch + p.shape.total_bytes);
    w = ReadWeights(p, step.in[kB].As<uint8_t>(), step.in[kLargest].As<float>(), scales);
  }
  return RunFewBits(step, run, p.shape, w, nullptr);
}

Status BindMatMulBnb4(BindContext& ctx) {
  WEBINFER_ASSIGN(Bnb4 * p, ctx.Params<Bnb4>());
  WEBINFER_TRY(ReadBnb4(ctx, p));
  ctx.SetKernel(RunMatMulBnb4);
  WEBINFER_TRY(BindFewBits(ctx, &p->shape, ctx.In(kA).shape.Elements() / p->shape.depth()));
  if (PreparedBytes(ctx.node(), 0) == nullptr) ctx.SetScratch(p->shape.total_bytes + ScaleCount(*p) * sizeof(float));
  return OkStatus();
}

Status PrepareMatMulBnb4(PrepareContext& ctx) {
  const Tensor *codes = ctx.Constant(kB), *largest = ctx.Constant(kLargest);
  if (codes == nullptr || largest == nullptr) return OkStatus();
  Bnb4 p;
  WEBINFER_TRY(ReadBnb4(ctx, &p));
  Buffer scales;
  WEBINFER_TRY(scales.Allocate(ScaleCount(p) * sizeof(float), "weights that are packed"));
  WEBINFER_TRY(KeepFewBits(ctx, p.shape,
                           ReadWeights(p, codes->As<uint8_t>(), largest->As<float>(), reinterpret_cast<float*>(scales.data()))));
  ctx.Drop(kB);
  ctx.Drop(kLargest);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_MatMulBnb4) {
  using namespace webinfer::ops;
  return {.name = "MatMulBnb4",
          .domain = "com.microsoft",
          .min_inputs = 3,
          .max_inputs = 3,
          .infer = InferMatMulBnb4,
          .bind = BindMatMulBnb4,
          .lower = LowerHalf,
          .prepare = PrepareMatMulBnb4};
}
