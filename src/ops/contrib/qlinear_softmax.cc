// QLinearSoftmax: Softmax of a quantised tensor; for models before opset 13 over all axes from `axis` on.
#include "ops/quant/qlinear.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  const bool from_axis = ctx.attributes().Int("opset", 13) < 13;
  const int64_t axis = ctx.attributes().Int("axis", from_axis ? 1 : -1);
  const ValueId x = Dequantized(ctx, 0);
  ValueId value = x;
  if (from_axis) {
    value = ctx.Add("Flatten", {value});
    ctx.Last().attributes.SetInt("axis", axis);
  }
  value = ctx.Add("Softmax", {value});
  ctx.Last().attributes.SetInt("axis", from_axis ? -1 : axis);
  if (from_axis) value = ctx.Add("Reshape", {value, ctx.Add("Shape", {x})});
  return ReturnQuantized(ctx, value, 3);
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_QLinearSoftmax) {
  using namespace webinfer;
  return {.name = "QLinearSoftmax", .domain = "com.microsoft", .min_inputs = 5, .max_inputs = 5, .lower = ops::Lower};
}
