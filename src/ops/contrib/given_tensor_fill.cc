// GivenTensorFill (experimental, in models of 2017 to 2019): attribute `values` in the shape that attribute `shape` says (with
// extra_shape behind it), or, with input_as_shape, the input.
#include "ops/contrib/compose.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  const std::span<const float> values = ctx.attributes().Floats("values");
  WEBINFER_ASSIGN(const ValueId flat, ctx.Floats(values, Shape({static_cast<int64_t>(values.size())})));
  const std::span<const int64_t> given = ctx.attributes().Ints("shape"), extra = ctx.attributes().Ints("extra_shape");
  WEBINFER_ASSIGN(ValueId shape, ctx.Ints(given));
  if (ctx.HasInput(0)) shape = ctx.attributes().Int("input_as_shape", 0) != 0 ? ctx.Input(0) : ctx.Add("Shape", {ctx.Input(0)});
  if (!extra.empty()) {
    WEBINFER_ASSIGN(const ValueId more, ctx.Ints(extra));
    shape = Joined(ctx, {shape, more}, 0);
  }
  ctx.Return(0, ctx.Add("Reshape", {flat, shape}));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(GivenTensorFill) {
  return {.name = "GivenTensorFill", .min_inputs = 0, .max_inputs = 1, .lower = webinfer::ops::Lower};
}
