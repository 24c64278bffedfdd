// LpNormalization: x over its L1 or L2 norm along an axis; 0 where the norm is 0.
#include "ops/op.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  WEBINFER_ASSIGN(const ValueId axes, ctx.Ints({ctx.attributes().Int("axis", -1)}));
  WEBINFER_ASSIGN(const ValueId zero, ctx.Scalar(ctx.In(0).dtype, 0));
  WEBINFER_ASSIGN(const ValueId one, ctx.Scalar(ctx.In(0).dtype, 1));
  const ValueId norm = ctx.Add(ctx.attributes().Int("p", 2) == 1 ? "ReduceL1" : "ReduceL2", {ctx.Input(0), axes});
  ctx.Return(0, ctx.Add("Div", {ctx.Input(0), ctx.Add("Where", {ctx.Add("Equal", {norm, zero}), one, norm})}));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(LpNormalization) {
  using namespace webinfer;
  return {.name = "LpNormalization",
          .since = 22,
          .infer = [](InferContext& ctx) { return ctx.SetOutput(0, ctx.In(0).dtype, ctx.In(0).shape); },
          .lower = ops::Lower};
}
