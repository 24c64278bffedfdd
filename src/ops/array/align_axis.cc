// AlignAxis(b, a) with attribute `axis`: b with axes of size 1 behind its own, so that NumPy's broadcasting lines its first axis
// up with axis `axis` of a. What broadcasting was before operator set 7.
#include "ops/op.h"

namespace webinfer::ops {

namespace {

Status Lower(LowerContext& ctx, bool*) {
  const Shape &b = ctx.In(0).shape, &a = ctx.In(1).shape;
  if (!a.rank_known() || !b.rank_known()) return Error(Code::kUnsupported, "Old broadcasting needs inputs of known rank");
  const int rank = a.rank();
  int missing = 0;
  if (rank > 0) {
    WEBINFER_ASSIGN(const int axis, NormalizeAxis(ctx.attributes().Int("axis", 0), rank));
    missing = rank - axis - b.rank();
  }
  int64_t axes[kMaxRank];
  for (int i = 0; i < missing; ++i) axes[i] = b.rank() + i;
  if (missing <= 0) {
    ctx.Return(0, ctx.Input(0));
    return OkStatus();
  }
  WEBINFER_ASSIGN(const ValueId added, ctx.Ints(std::span<const int64_t>(axes, static_cast<size_t>(missing))));
  ctx.Return(0, ctx.Add("Unsqueeze", {ctx.Input(0), added}));
  return OkStatus();
}

}  // namespace

}  // namespace webinfer::ops

WEBINFER_OP(webinfer_AlignAxis) {
  return {.name = "AlignAxis", .domain = "webinfer", .min_inputs = 2, .max_inputs = 2, .lower = webinfer::ops::Lower};
}
