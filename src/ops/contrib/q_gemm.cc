// QGemm: Gemm of quantised matrices, quantised if the result's scale is given, else float32.
#include "ops/op.h"

namespace webinfer::ops {
namespace {

enum Input { kA, kAScale, kAZero, kB, kBScale, kBZero, kC, kYScale, kYZero };

Status Lower(LowerContext& ctx, bool*) {
  const double alpha = ctx.attributes().Float("alpha", 1);
  ValueId a = ctx.Input(kA), a_scale = ctx.Input(kAScale), bias = ctx.Input(kC);
  if (ctx.attributes().Int("transA", 0) != 0) {
    a = ctx.Add("Transpose", {a});
    ctx.Last().attributes.SetInts("perm", {1, 0});
  }
  if (alpha != 1) {
    WEBINFER_ASSIGN(const ValueId factor, ctx.Scalar(DType::kFloat32, alpha));
    a_scale = ctx.Add("Mul", {a_scale, factor});
  }
  const bool quantized = ctx.HasInput(kYScale);
  if (!quantized && ctx.HasInput(kC)) {
    bias = ctx.Add("Cast", {bias});
    ctx.Last().attributes.SetInt("to", static_cast<int64_t>(DType::kFloat32));
    bias = ctx.Add("Mul", {bias, ctx.Add("Mul", {a_scale, ctx.Input(kBScale)})});
  }
  const ValueId y = ctx.Add("IntegerMatMul",
                            {a, ctx.Input(kB), a_scale, ctx.Input(kAZero), ctx.Input(kBScale), ctx.Input(kBZero),
                             ctx.Input(kYScale), ctx.Input(kYZero), bias},
                            "webinfer");
  ctx.Last().attributes.SetInt("transB", ctx.attributes().Int("transB", 0));
  ctx.Return(0, y);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_QGemm) {
  return {.name = "QGemm", .domain = "com.microsoft", .min_inputs = 6, .max_inputs = 9, .lower = webinfer::ops::Lower};
}
