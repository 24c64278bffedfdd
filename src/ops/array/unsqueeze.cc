// Unsqueeze: inserts dimensions of size 1 at `axes` of the output; a view.
#include "ops/array/move.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  const Shape& in = ctx.In(0).shape;
  const DType dtype = ctx.In(0).dtype;
  const Shape& count = ctx.In(1).shape;
  IntList axes;
  const bool known = ctx.KnownInts(1, &axes);
  if (!known) ctx.NeedValue(1);
  const int64_t added = known ? axes.size : count.rank() == 1 ? count[0] : kUnknownDim;
  if (!in.rank_known() || added < 0) return ctx.SetOutput(0, dtype, Shape::UnknownRank());
  if (in.rank() + added > kMaxRank) {
    return Error(Code::kUnsupported, "A tensor has too many dimensions")
        .Expected("rank <= %d", kMaxRank)
        .Actual("rank %lld", static_cast<long long>(in.rank() + added));
  }
  const int rank = in.rank() + static_cast<int>(added);
  if (!known) return ctx.SetOutput(0, dtype, Shape::Unknown(rank));
  bool inserted[kMaxRank] = {};
  for (int64_t value : axes.span()) {
    WEBINFER_ASSIGN(const int axis, NormalizeAxis(value, rank));
    if (inserted[axis]) return Error(Code::kInvalidModel, "Unsqueeze names an axis twice").Actual("axis %d", axis);
    inserted[axis] = true;
  }
  Shape out;
  for (int i = 0, next = 0; i < rank; ++i) out.Append(inserted[i] ? 1 : in[next++]);
  return ctx.SetOutput(0, dtype, out);
}

Status Bind(BindContext& ctx) {
  ctx.SetView(0, 0);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Unsqueeze) {
  return {.name = "Unsqueeze",
          .since = 25,
          .min_inputs = 2,
          .max_inputs = 2,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
