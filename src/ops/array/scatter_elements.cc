// ScatterElements: a copy of data in which out[index[i][j][k]][j][k] takes updates[i][j][k], for axis 0.
#include "ops/array/elements_along.h"
#include "ops/array/scatter_reduction.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  WEBINFER_TRY(CheckAlong(ctx));
  WEBINFER_TRY(ctx.ExpectSameDType(0, 2));
  Result<Shape> same = MergeShapes(ctx.In(1).shape, ctx.In(2).shape);
  if (!same.ok()) {
    return Error(Code::kShapeMismatch, "indices and updates have different shapes")
        .Expected("%s", ShapeText(ctx.In(1).shape).text)
        .Actual("%s", ShapeText(ctx.In(2).shape).text);
  }
  return ctx.SetOutput(0, ctx.In(0).dtype, ctx.In(0).shape);
}

Status Kernel(const Step& step, RunContext&) {
  const auto& params = step.Params<AlongParams>();
  const auto* updates = step.in[2].As<uint8_t>();
  auto* dst = step.out[0].As<uint8_t>();
  if (dst != step.in[0].data) std::memcpy(dst, step.in[0].data, step.in[0].bytes());
  const auto bytes = static_cast<int64_t>(DTypeBytes(step.in[0].dtype));
  return WithScatterCombine(static_cast<ScatterReduction>(params.reduction), step.in[0].dtype, [&](const auto& combine) {
    return ForEachAlong(params, step.in[1],
                        [&](int64_t i, int64_t place) { combine(dst + place * bytes, updates + i * bytes, 1); });
  });
}

Status Bind(BindContext& ctx) {
  WEBINFER_TRY(ExpectWholeBytes(ctx, 0));
  WEBINFER_ASSIGN(AlongParams * params, ctx.Params<AlongParams>());
  WEBINFER_TRY(FillAlong(ctx, params));
  WEBINFER_ASSIGN(const ScatterReduction reduction, ScatterReductionOf(ctx));
  params->reduction = static_cast<int32_t>(reduction);
  ctx.MayShare(0, 0);
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(ScatterElements) {
  return {.name = "ScatterElements",
          .since = 18,
          .min_inputs = 3,
          .max_inputs = 3,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
