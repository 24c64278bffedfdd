// Gemm (ONNX 13): alpha A' B' + beta C, as webinfer.MatMul with C as its bias where C is one row, otherwise added behind it.
#include "ops/nn/fused.h"

namespace webinfer::ops {
namespace {

Status InferGemm(InferContext& ctx) {
  WEBINFER_TRY(ctx.ExpectRank(0, 2));
  WEBINFER_TRY(ctx.ExpectRank(1, 2));
  const Shape &a = ctx.In(0).shape, &b = ctx.In(1).shape;
  Shape out = Shape::Unknown(2);
  if (a.rank_known()) out[0] = a[ctx.attributes().Int("transA", 0) != 0 ? 1 : 0];
  if (b.rank_known()) out[1] = b[ctx.attributes().Int("transB", 0) != 0 ? 0 : 1];
  return ctx.SetOutput(0, ctx.In(0).dtype, out);
}

// C as webinfer.MatMul's bias, kNoValue if it is none.
ValueId AsBias(LowerContext& ctx) {
  const ValueInfo &c = ctx.In(2), &b = ctx.In(1);
  if (!c.shape.known() || !b.shape.rank_known()) return kNoValue;
  const int64_t n = b.shape[ctx.attributes().Int("transB", 0) != 0 ? 0 : 1];
  const int rank = c.shape.rank();
  const bool is_row = (rank == 1 && c.shape[0] == n) || (rank == 2 && c.shape[0] == 1 && c.shape[1] == n);
  return is_row && n > 0 ? ctx.Input(2) : kNoValue;
}

Status LowerGemm(LowerContext& ctx, bool*) {
  const DType dtype = ctx.In(0).dtype;
  const bool is_float = dtype == DType::kFloat32;
  const float alpha = ctx.attributes().Float("alpha", 1), beta = ctx.attributes().Float("beta", 1);
  const bool has_c = ctx.HasInput(2) && beta != 0;
  ValueId c = has_c ? ctx.Input(2) : kNoValue;
  const ValueId bias = has_c && is_float ? AsBias(ctx) : kNoValue;
  if (has_c && beta != 1) {
    WEBINFER_ASSIGN(const ValueId factor, ctx.Scalar(dtype, beta));
    c = ctx.Add("Mul", {c, factor});
  }
  ValueId product;
  if (is_float) {
    product = ctx.Add("MatMul", {ctx.Input(0), ctx.Input(1), bias == kNoValue ? kNoValue : c}, "webinfer");
    ctx.Last().attributes.SetInt("transA", ctx.attributes().Int("transA", 0));
    ctx.Last().attributes.SetInt("transB", ctx.attributes().Int("transB", 0));
    ctx.Last().attributes.SetFloat("alpha", alpha);
  } else {
    ValueId sides[2];
    for (int i = 0; i < 2; ++i) {
      const bool transposed = ctx.attributes().Int(i == 0 ? "transA" : "transB", 0) != 0;
      sides[i] = transposed ? ctx.Add("Transpose", {ctx.Input(i)}) : ctx.Input(i);
      if (transposed) ctx.Last().attributes.SetInts("perm", {1, 0});
    }
    product = ctx.Add("MatMul", {sides[0], sides[1]});
    if (alpha != 1) {
      WEBINFER_ASSIGN(const ValueId factor, ctx.Scalar(dtype, alpha));
      product = ctx.Add("Mul", {product, factor});
    }
  }
  if (c != kNoValue && bias == kNoValue) product = ctx.Add("Add", {product, c});
  ctx.Return(0, product);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Gemm) {
  using namespace webinfer::ops;
  return {.name = "Gemm", .since = 13, .min_inputs = 2, .max_inputs = 3, .infer = InferGemm, .lower = LowerGemm};
}
