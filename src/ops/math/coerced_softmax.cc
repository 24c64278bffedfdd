// Softmax, LogSoftmax and Hardmax as operator sets before 13 meant them: over all axes from `axis` on, as if they were one.
#include "ops/op.h"

namespace webinfer::ops {

namespace {

Status Lower(LowerContext& ctx, bool*) {
  const std::string_view op = ctx.attributes().String("op", "Softmax");
  int64_t axis = ctx.attributes().Int("axis", 1);
  const Shape& shape = ctx.In(0).shape;
  if (shape.rank_known() && shape.rank() > 0) {
    WEBINFER_ASSIGN(const int normalized, NormalizeAxis(axis, shape.rank()));
    axis = normalized;
    if (axis == shape.rank() - 1) {
      const ValueId result = ctx.Add(op, {ctx.Input(0)});
      ctx.Last().attributes.SetInt("axis", -1);
      ctx.Return(0, result);
      return OkStatus();
    }
  }
  const ValueId dims = ctx.Add("Shape", {ctx.Input(0)});
  const ValueId matrix = ctx.Add("Flatten", {ctx.Input(0)});
  ctx.Last().attributes.SetInt("axis", axis);
  const ValueId result = ctx.Add(op, {matrix});
  ctx.Last().attributes.SetInt("axis", -1);
  ctx.Return(0, ctx.Add("Reshape", {result, dims}));
  return OkStatus();
}

}  // namespace

}  // namespace webinfer::ops

WEBINFER_OP(webinfer_CoercedSoftmax) { return {.name = "CoercedSoftmax", .domain = "webinfer", .lower = webinfer::ops::Lower}; }
