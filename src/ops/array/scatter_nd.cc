// ScatterND: a copy of data in which the blocks named by index tuples take the updates.
#include "ops/array/nd_index.h"
#include "ops/array/scatter_reduction.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  const Shape &data = ctx.In(0).shape, &indices = ctx.In(1).shape, &updates = ctx.In(2).shape;
  WEBINFER_TRY(ExpectIndexType(ctx, 1));
  WEBINFER_TRY(ctx.ExpectSameDType(0, 2));
  if (data.known() && indices.known() && updates.known()) {
    const int64_t depth = indices.rank() > 0 ? indices[indices.rank() - 1] : 0;
    bool fits = depth >= 1 && depth <= data.rank() && updates.rank() == indices.rank() - 1 + data.rank() - depth;
    for (int i = 0; fits && i < updates.rank(); ++i) {
      fits = updates[i] == (i < indices.rank() - 1 ? indices[i] : data[i - (indices.rank() - 1) + static_cast<int>(depth)]);
    }
    if (!fits) {
      return Error(Code::kShapeMismatch, "The updates do not fit data and indices")
          .Expected("indices' shape without its last size, then data's sizes behind the tuple: %s, %s", ShapeText(indices).text,
                    ShapeText(data).text)
          .Actual("%s", ShapeText(updates).text);
    }
  }
  return ctx.SetOutput(0, ctx.In(0).dtype, data);
}

Status Kernel(const Step& step, RunContext&) {
  const auto& params = step.Params<NdParams>();
  const auto* updates = step.in[2].As<uint8_t>();
  auto* dst = step.out[0].As<uint8_t>();
  if (dst != step.in[0].data) std::memcpy(dst, step.in[0].data, step.in[0].bytes());
  const auto bytes = static_cast<int64_t>(DTypeBytes(step.in[0].dtype));
  return WithScatterCombine(static_cast<ScatterReduction>(params.reduction), step.in[0].dtype,
                            [&](const auto& combine) -> Status {
                              for (int64_t i = 0; i < params.tuples; ++i) {
                                int64_t place;
                                WEBINFER_TRY(PlaceOf(params, step.in[1], i, &place));
                                combine(dst + place * bytes, updates + i * params.block * bytes, params.block);
                              }
                              return OkStatus();
                            });
}

Status Bind(BindContext& ctx) {
  WEBINFER_TRY(ExpectWholeBytes(ctx, 0));
  WEBINFER_ASSIGN(NdParams * params, ctx.Params<NdParams>());
  FillNd(ctx.In(0).shape, ctx.In(1).shape, 0, params);
  WEBINFER_ASSIGN(const ScatterReduction reduction, ScatterReductionOf(ctx));
  params->reduction = static_cast<int32_t>(reduction);
  ctx.MayShare(0, 0);
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(ScatterND) {
  return {.name = "ScatterND",
          .since = 18,
          .min_inputs = 3,
          .max_inputs = 3,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
