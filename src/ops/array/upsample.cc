// Upsample: the old name of Resize with asymmetric coordinates.
#include "ops/op.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  ValueId scales = ctx.Input(1);
  if (scales == kNoValue) {  // opset 7 has them as an attribute
    const std::span<const float> values = ctx.attributes().Floats("scales");
    WEBINFER_ASSIGN(scales, ctx.Floats(values, Shape({static_cast<int64_t>(values.size())})));
  }
  const ValueId out = ctx.Add("Resize", {ctx.Input(0), kNoValue, scales});
  Attributes& attributes = ctx.Last().attributes;
  attributes.SetString("mode", ctx.attributes().String("mode", "nearest"));
  attributes.SetString("coordinate_transformation_mode", "asymmetric");
  attributes.SetString("nearest_mode", "floor");
  ctx.Return(0, out);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Upsample) {
  return {.name = "Upsample", .since = 10, .min_inputs = 1, .max_inputs = 2, .lower = webinfer::ops::Lower};
}
