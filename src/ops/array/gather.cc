// Gather: entries of `axis` named by an index tensor of any shape.
#include "ops/array/gather.h"

#include <cstring>

namespace webinfer::ops {
namespace {

struct GatherParams {
  int64_t outer, dim, inner_bytes;
  int32_t axis;
};

Status Infer(InferContext& ctx) {
  const Shape &data = ctx.In(0).shape, &indices = ctx.In(1).shape;
  WEBINFER_TRY(ExpectIndexType(ctx, 1));
  if (!data.rank_known() || !indices.rank_known()) return ctx.SetOutput(0, ctx.In(0).dtype, Shape::UnknownRank());
  WEBINFER_ASSIGN(const int axis, AxisAttribute(ctx, 0, 0));
  WEBINFER_ASSIGN(const Shape out, GatheredShape(data, axis, indices));
  return ctx.SetOutput(0, ctx.In(0).dtype, out);
}

template <size_t N>
void CopyEntry(uint8_t* dst, const uint8_t* src, size_t bytes) {
  std::memcpy(dst, src, N == 0 ? bytes : N);
}

template <size_t N>
Status Run(const Step& step) {
  const auto& params = step.Params<GatherParams>();
  const auto* src = step.in[0].As<uint8_t>();
  auto* dst = step.out[0].As<uint8_t>();
  const auto bytes = static_cast<size_t>(params.inner_bytes);
  const int64_t count = step.in[1].elements();
  for (int64_t outer = 0; outer < params.outer; ++outer) {
    for (int64_t i = 0; i < count; ++i) {
      const int64_t index = IndexAt(step.in[1].data, step.in[1].dtype, i);
      const int64_t entry = index < 0 ? index + params.dim : index;
      if (entry < 0 || entry >= params.dim) return IndexError(index, params.dim, params.axis);
      CopyEntry<N>(dst, src + entry * params.inner_bytes, bytes);
      dst += bytes;
    }
    src += params.dim * params.inner_bytes;
  }
  return OkStatus();
}

Status Kernel(const Step& step, RunContext&) {
  switch (step.Params<GatherParams>().inner_bytes) {
    case 4: return Run<4>(step);
    case 8: return Run<8>(step);
    default: return Run<0>(step);
  }
}

Status Bind(BindContext& ctx) {
  WEBINFER_TRY(ExpectWholeBytes(ctx, 0));
  const Shape& data = ctx.In(0).shape;
  WEBINFER_ASSIGN(const int axis, AxisAttribute(ctx, 0, 0));
  WEBINFER_ASSIGN(GatherParams * params, ctx.Params<GatherParams>());
  params->outer = data.Elements(0, axis);
  params->dim = data[axis];
  params->inner_bytes = data.Elements(axis + 1, data.rank()) * static_cast<int64_t>(DTypeBytes(ctx.In(0).dtype));
  params->axis = axis;
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Gather) {
  return {.name = "Gather",
          .since = 13,
          .min_inputs = 2,
          .max_inputs = 2,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
