// LRN (local response normalization): x over a power of the mean square of the neighbouring channels. Computed in float32.
#include "kernels/normalize.h"
#include "ops/op.h"

namespace webinfer::ops {
namespace {

Status Run(const Step& step, RunContext& run) {
  kernels::RunLocalResponse(step.Params<kernels::LocalResponse>(), step.in[0].As<float>(), step.out[0].As<float>(), run.pool());
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  const Shape& shape = ctx.In(0).shape;
  if (shape.rank() < 2 || ctx.attributes().Int("size", 0) < 1) {
    return Error(Code::kShapeMismatch, "LRN needs [batch, channels, ...] and a size").Actual("%s", ShapeText(shape).text);
  }
  WEBINFER_ASSIGN(kernels::LocalResponse * norm, ctx.Params<kernels::LocalResponse>());
  const Attributes& a = ctx.attributes();
  *norm = {shape[0],
           shape[1],
           shape.Elements(2, shape.rank()),
           a.Int("size", 1),
           a.Float("alpha", 0.0001f),
           a.Float("beta", 0.75f),
           a.Float("bias", 1)};
  ctx.SetKernel(Run);
  return OkStatus();
}

Status Lower(LowerContext& ctx, bool* done) {
  *done = ctx.In(0).dtype != DType::kFloat32;
  if (!*done) return OkStatus();
  const auto cast = [&](ValueId value, DType to) {
    const ValueId result = ctx.Add("Cast", {value});
    ctx.Last().attributes.SetInt("to", static_cast<int64_t>(to));
    return result;
  };
  const ValueId normal = ctx.Add("LRN", {cast(ctx.Input(0), DType::kFloat32)});
  ctx.Last().attributes = ctx.attributes();
  ctx.Return(0, cast(normal, ctx.In(0).dtype));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(LRN) {
  using namespace webinfer;
  return {.name = "LRN",
          .since = 13,
          .infer = [](InferContext& ctx) { return ctx.SetOutput(0, ctx.In(0).dtype, ctx.In(0).shape); },
          .bind = ops::Bind,
          .lower = ops::Lower};
}
