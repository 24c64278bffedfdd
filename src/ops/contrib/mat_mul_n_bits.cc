// com.microsoft.MatMulNBits: float rows times weights of 1 to 8 bits in blocks. accuracy_level 4 permits rows that are rounded to
// 8 bits block by block, and gets them; every other level is exact. float16 computes in float32.
#include <climits>

#include "ops/contrib/few_bits.h"
#include "ops/float32.h"
#include "ops/nn/prepared.h"

namespace webinfer::ops {
namespace {

enum Input { kA, kB, kScales, kZeros, kGroups, kBias };

constexpr int64_t kInt8Accuracy = 4;

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

Status ReadShape(const InferContext& ctx, FewBits* shape) {
  const Attributes& attributes = ctx.attributes();
  const int64_t bits = attributes.Int("bits", 4), block = attributes.Int("block_size", 32);
  const bool valid = Depth(ctx) > 0 && Depth(ctx) <= INT_MAX / 8 && Columns(ctx) > 0 && Columns(ctx) <= INT_MAX / 8 &&
                     bits >= 1 && bits <= 8 && block >= 4 && block % 4 == 0 && block <= 65536 &&
                     attributes.Int("weight_prepacked", 0) == 0 && ctx.In(kA).dtype == DType::kFloat32;
  if (!valid) {
    return Error(Code::kUnsupported, "MatMulNBits of this kind")
        .Expected("float32 or float16, 1 to 8 bits, blocks of a multiple of 4, weights that are not packed for a GPU")
        .Actual("%s, %lld bits, blocks of %lld", DTypeName(ctx.In(kA).dtype), static_cast<long long>(bits),
                static_cast<long long>(block));
  }
  kernels::NBitsGemm& g = shape->gemm;
  g.k = static_cast<int>(Depth(ctx));
  g.n = static_cast<int>(Columns(ctx));
  g.block = static_cast<int>(block);
  g.bits = static_cast<int>(bits);
  g.zeros = ctx.HasInput(kZeros);
  g.int8 = attributes.Int("accuracy_level", 0) == kInt8Accuracy;
  shape->dense = ctx.HasInput(kGroups);
  return OkStatus();
}

Status CheckWeights(const InferContext& ctx, const kernels::NBitsGemm& g) {
  const int64_t blocks = g.blocks(), n = g.n;
  const auto is = [&](int input, DType dtype, int64_t elements) {
    return ctx.In(input).dtype == dtype && ctx.In(input).shape.known() && ctx.In(input).shape.Elements() == elements;
  };
  const bool zeros = !ctx.HasInput(kZeros) || is(kZeros, DType::kUint8, n * kernels::CodeBytes(g.blocks(), g.bits)) ||
                     is(kZeros, DType::kFloat32, n * blocks);
  const bool others =
      (!ctx.HasInput(kGroups) || is(kGroups, DType::kInt32, g.k)) && (!ctx.HasInput(kBias) || is(kBias, DType::kFloat32, n));
  const int bytes = kernels::CodeBytes(g.block, g.bits);
  if (is(kB, DType::kUint8, n * blocks * bytes) && is(kScales, DType::kFloat32, n * blocks) && zeros && others) return OkStatus();
  return Error(Code::kShapeMismatch, "MatMulNBits' weights, scales, zero points, groups and bias do not fit together")
      .Expected("B uint8 [%lld,%lld,%d]", static_cast<long long>(n), static_cast<long long>(blocks), bytes)
      .Actual("B %s%s, scales %s%s", DTypeName(ctx.In(kB).dtype), ShapeText(ctx.In(kB).shape).text,
              DTypeName(ctx.In(kScales).dtype), ShapeText(ctx.In(kScales).shape).text);
}

// `find(i)`: the elements of input i, null if it is left out.
template <typename F>
FewBitsWeights ReadWeights(DType zeros, const F& find) {
  FewBitsWeights w;
  w.weights.codes = static_cast<const uint8_t*>(find(kB));
  w.weights.scales = static_cast<const float*>(find(kScales));
  if (zeros == DType::kUint8) w.weights.zeros = static_cast<const uint8_t*>(find(kZeros));
  if (zeros == DType::kFloat32) w.weights.float_zeros = static_cast<const float*>(find(kZeros));
  w.groups = static_cast<const int32_t*>(find(kGroups));
  return w;
}

Status CheckGroups(const int32_t* groups, const kernels::NBitsGemm& g) {
  for (int k = 0; groups != nullptr && k < g.k; ++k) {
    if (groups[k] >= 0 && groups[k] < g.blocks()) continue;
    return Error(Code::kInvalidArgument, "MatMulNBits: an entry of g_idx is out of range")
        .Expected("0 to %d", g.blocks() - 1)
        .Actual("%d", groups[k]);
  }
  return OkStatus();
}

Status RunMatMulNBits(const Step& step, RunContext& run) {
  const auto& shape = step.Params<FewBits>();
  FewBitsWeights w;
  if (PreparedBytes(*step.node, 0) == nullptr) {
    w = ReadWeights(step.HasInput(kZeros) ? step.in[kZeros].dtype : DType::kUndefined,
                    [&](int i) { return step.HasInput(i) ? step.in[i].data : nullptr; });
    WEBINFER_TRY(CheckGroups(w.groups, shape.gemm));
  }
  return RunFewBits(step, run, shape, w, step.HasInput(kBias) ? step.in[kBias].As<float>() : nullptr);
}

Status BindMatMulNBits(BindContext& ctx) {
  WEBINFER_ASSIGN(FewBits * shape, ctx.Params<FewBits>());
  WEBINFER_TRY(ReadShape(ctx, shape));
  WEBINFER_TRY(CheckWeights(ctx, shape->gemm));
  ctx.SetKernel(RunMatMulNBits);
  return BindFewBits(ctx, shape, ctx.In(kA).shape.Elements() / shape->gemm.k);
}

Status PrepareMatMulNBits(PrepareContext& ctx) {
  for (int i = kB; i <= kGroups; ++i) {
    if (ctx.HasInput(i) && ctx.Constant(i) == nullptr) return OkStatus();
  }
  FewBits shape;
  WEBINFER_TRY(ReadShape(ctx, &shape));
  WEBINFER_TRY(CheckWeights(ctx, shape.gemm));
  const FewBitsWeights w =
      ReadWeights(ctx.HasInput(kZeros) ? ctx.In(kZeros).dtype : DType::kUndefined,
                  [&](int i) -> const void* { return ctx.Constant(i) != nullptr ? ctx.Constant(i)->As<uint8_t>() : nullptr; });
  WEBINFER_TRY(CheckGroups(w.groups, shape.gemm));
  WEBINFER_TRY(KeepFewBits(ctx, shape, w));
  for (int i = kB; i <= kGroups; ++i) ctx.Drop(i);
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
