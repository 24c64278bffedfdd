// Squeeze: drops dimensions of size 1 (those of the input `axes`, or all); a view.
#include "ops/array/move.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  const Shape& in = ctx.In(0).shape;
  const DType dtype = ctx.In(0).dtype;
  IntList axes;
  if (ctx.HasInput(1) && !ctx.KnownInts(1, &axes)) {
    ctx.NeedValue(1);
    const Shape& count = ctx.In(1).shape;
    const bool rank_known = in.rank_known() && count.rank() == 1 && count[0] >= 0 && count[0] <= in.rank();
    return ctx.SetOutput(0, dtype, rank_known ? Shape::Unknown(in.rank() - static_cast<int>(count[0])) : Shape::UnknownRank());
  }
  if (!in.rank_known()) return ctx.SetOutput(0, dtype, Shape::UnknownRank());
  bool dropped[kMaxRank] = {};
  for (int64_t value : axes.span()) {
    WEBINFER_ASSIGN(const int axis, NormalizeAxis(value, in.rank()));
    if (in[axis] >= 0 && in[axis] != 1) {
      return Error(Code::kShapeMismatch, "A dimension to be squeezed is not 1")
          .Expected("size 1 on axis %d", axis)
          .Actual("%s", ShapeText(in).text);
    }
    dropped[axis] = true;
  }
  Shape out;
  for (int i = 0; i < in.rank(); ++i) {
    if (!ctx.HasInput(1)) {
      if (in[i] < 0) return ctx.SetOutput(0, dtype, Shape::UnknownRank());
      dropped[i] = in[i] == 1;
    }
    if (!dropped[i]) out.Append(in[i]);
  }
  return ctx.SetOutput(0, dtype, out);
}

Status Bind(BindContext& ctx) {
  ctx.SetView(0, 0);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Squeeze) {
  return {.name = "Squeeze",
          .since = 25,
          .min_inputs = 1,
          .max_inputs = 2,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
