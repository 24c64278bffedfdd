// Shape: the sizes of a tensor's dimensions from `start` to `end` as int64.
#include <algorithm>

#include "ops/array/move.h"

namespace webinfer::ops {
namespace {

struct ShapeParams {
  int32_t start, count;
};

ShapeParams RangeOf(const InferContext& ctx, int rank) {
  const auto clamp = [&](int64_t axis) {
    return static_cast<int32_t>(std::clamp<int64_t>(axis < 0 ? axis + rank : axis, 0, rank));
  };
  const int32_t start = clamp(ctx.attributes().Int("start", 0)), end = clamp(ctx.attributes().Int("end", rank));
  return {start, std::max(end - start, 0)};
}

Status Infer(InferContext& ctx) {
  const Shape& in = ctx.In(0).shape;
  const int64_t count = in.rank_known() ? RangeOf(ctx, in.rank()).count : kUnknownDim;
  return ctx.SetOutput(0, DType::kInt64, Shape({count}));
}

Status Kernel(const Step& step, RunContext&) {
  const auto& params = step.Params<ShapeParams>();
  for (int i = 0; i < params.count; ++i) step.out[0].As<int64_t>()[i] = step.in[0].shape[params.start + i];
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  WEBINFER_ASSIGN(ShapeParams * params, ctx.Params<ShapeParams>());
  *params = RangeOf(ctx, ctx.In(0).shape.rank());
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Shape) {
  return {.name = "Shape", .since = 25, .infer = webinfer::ops::Infer, .bind = webinfer::ops::Bind, .shape_only = true};
}
