// GatherND: blocks of the data named by index tuples, behind `batch_dims` leading axes that data and indices share.
#include <cstring>

#include "ops/array/nd_index.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  const Shape &data = ctx.In(0).shape, &indices = ctx.In(1).shape;
  WEBINFER_TRY(ExpectIndexType(ctx, 1));
  if (!data.rank_known() || !indices.rank_known() || (indices.rank() > 0 && indices[indices.rank() - 1] < 0)) {
    return ctx.SetOutput(0, ctx.In(0).dtype, Shape::UnknownRank());
  }
  const int64_t batch = ctx.attributes().Int("batch_dims", 0);
  const int64_t depth = indices.rank() > 0 ? indices[indices.rank() - 1] : 0;
  bool fits = batch >= 0 && batch < indices.rank() && depth >= 1 && batch + depth <= data.rank();
  for (int i = 0; fits && i < batch; ++i) fits = data[i] < 0 || indices[i] < 0 || data[i] == indices[i];
  if (!fits || indices.rank() - 1 + data.rank() - batch - depth > kMaxRank) {
    return Error(Code::kShapeMismatch, "The index tuples do not fit the data")
        .Expected("[%lld equal batch axes, ..., 1..rank] for %s", static_cast<long long>(batch), ShapeText(data).text)
        .Actual("%s", ShapeText(indices).text);
  }
  Shape out;
  for (int i = 0; i < indices.rank() - 1; ++i) out.Append(indices[i]);
  for (int i = static_cast<int>(batch + depth); i < data.rank(); ++i) out.Append(data[i]);
  return ctx.SetOutput(0, ctx.In(0).dtype, out);
}

Status Kernel(const Step& step, RunContext&) {
  const auto& params = step.Params<NdParams>();
  const auto bytes = static_cast<int64_t>(DTypeBytes(step.in[0].dtype));
  const auto* src = step.in[0].As<uint8_t>();
  auto* dst = step.out[0].As<uint8_t>();
  for (int64_t i = 0; i < params.tuples; ++i) {
    int64_t place;
    WEBINFER_TRY(PlaceOf(params, step.in[1], i, &place));
    std::memcpy(dst + i * params.block * bytes, src + place * bytes, static_cast<size_t>(params.block * bytes));
  }
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  WEBINFER_TRY(ExpectWholeBytes(ctx, 0));
  WEBINFER_ASSIGN(NdParams * params, ctx.Params<NdParams>());
  FillNd(ctx.In(0).shape, ctx.In(1).shape, static_cast<int>(ctx.attributes().Int("batch_dims", 0)), params);
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(GatherND) {
  return {.name = "GatherND",
          .since = 13,
          .min_inputs = 2,
          .max_inputs = 2,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
