// Expand: broadcasts to the input `shape` (both ways: sizes of 1 in `shape` keep the input's).
#include "ops/array/move.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  const Shape& in = ctx.In(0).shape;
  IntList wanted;
  if (!ctx.KnownInts(1, &wanted)) {
    ctx.NeedValue(1);
    const Shape& count = ctx.In(1).shape;
    if (!in.rank_known() || count.rank() != 1 || count[0] < 0 || count[0] > kMaxRank) {
      return ctx.SetOutput(0, ctx.In(0).dtype, Shape::UnknownRank());
    }
    const int rank = static_cast<int>(count[0]) > in.rank() ? static_cast<int>(count[0]) : in.rank();
    return ctx.SetOutput(0, ctx.In(0).dtype, Shape::Unknown(rank));
  }
  WEBINFER_ASSIGN(const Shape target, Shape::Of(wanted.span()));
  for (int64_t dim : target) {
    if (dim < 0) return Error(Code::kInvalidModel, "The new shape has a negative dimension").Actual("%s", ShapeText(target).text);
  }
  WEBINFER_ASSIGN(const Shape out, Broadcast(in, target));
  return ctx.SetOutput(0, ctx.In(0).dtype, out);
}

Status Bind(BindContext& ctx) {
  const Shape &in = ctx.In(0).shape, &out = ctx.Out(0).shape;
  const Strides src(in), dst(out);
  kernels::StridedCopy copy;
  for (int i = 0; i < out.rank(); ++i) {
    const int axis = i - (out.rank() - in.rank());
    copy.Append(out[i], axis < 0 || in[axis] == 1 ? 0 : src[axis], dst[i]);
  }
  return BindMove(ctx, 0, 0, copy);
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Expand) {
  return {.name = "Expand",
          .since = 13,
          .min_inputs = 2,
          .max_inputs = 2,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
