// Tile: repeats the whole tensor `repeats` times along each axis.
#include "ops/array/move.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  const Shape& in = ctx.In(0).shape;
  IntList repeats;
  if (!ctx.KnownInts(1, &repeats)) {
    ctx.NeedValue(1);
    return ctx.SetOutput(0, ctx.In(0).dtype, in.rank_known() ? Shape::Unknown(in.rank()) : Shape::UnknownRank());
  }
  if (in.rank_known() && repeats.size != in.rank()) {
    return Error(Code::kInvalidModel, "Tile needs one repeat for each dimension")
        .Expected("%d repeats", in.rank())
        .Actual("%d", repeats.size);
  }
  Shape out = in;
  for (int i = 0; i < in.rank(); ++i) {
    if (repeats[i] < 0)
      return Error(Code::kInvalidModel, "A repeat is negative").Actual("%lld", static_cast<long long>(repeats[i]));
    if (in[i] >= 0 && repeats[i] > 0 && in[i] > INT64_MAX / repeats[i]) {
      return Error(Code::kInvalidArgument, "A shape is absurdly large")
          .Actual("%lld repeats", static_cast<long long>(repeats[i]));
    }
    out[i] = in[i] >= 0 ? in[i] * repeats[i] : repeats[i] == 1 ? in[i] : kUnknownDim;
  }
  return ctx.SetOutput(0, ctx.In(0).dtype, out);
}

Status Bind(BindContext& ctx) {
  const Shape &in = ctx.In(0).shape, &out = ctx.Out(0).shape;
  const Strides src(in), dst(out);
  kernels::StridedCopy copy;
  for (int i = 0; i < out.rank(); ++i) {
    copy.Append(in[i] == 0 ? 0 : out[i] / in[i], 0, in[i] * dst[i]);
    copy.Append(in[i], src[i], dst[i]);
  }
  return BindMove(ctx, 0, 0, copy);
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Tile) {
  return {
      .name = "Tile", .since = 13, .min_inputs = 2, .max_inputs = 2, .infer = webinfer::ops::Infer, .bind = webinfer::ops::Bind};
}
