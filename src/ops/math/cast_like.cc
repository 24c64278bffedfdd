// CastLike: Cast to the type of the second input.
#include "ops/op.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) { return ctx.SetOutput(0, ctx.In(1).dtype, ctx.In(0).shape); }

Status Lower(LowerContext& ctx, bool*) {
  const ValueId result = ctx.Add("Cast", {ctx.Input(0)});
  Attributes& attributes = ctx.Last().attributes;
  attributes = ctx.attributes();
  attributes.SetInt("to", static_cast<int64_t>(ctx.In(1).dtype));
  ctx.Return(0, result);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(CastLike) {
  return {.name = "CastLike",
          .since = 25,
          .min_inputs = 2,
          .max_inputs = 2,
          .infer = webinfer::ops::Infer,
          .lower = webinfer::ops::Lower};
}
