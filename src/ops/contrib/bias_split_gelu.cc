// BiasSplitGelu (onnxruntime): the gated activation of diffusion models. x + bias is split in halves along its last axis:
// left * Gelu(right).
#include "ops/op.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  Shape out = ctx.In(0).shape;
  if (out.rank_known() && out.rank() > 0 && out[out.rank() - 1] >= 0) {
    int64_t& last = out[out.rank() - 1];
    if (last % 2 != 0) {
      return Error(Code::kShapeMismatch, "The last dimension cannot be halved")
          .Expected("an even size")
          .Actual("%s", ShapeText(out).text);
    }
    last /= 2;
  }
  return ctx.SetOutput(0, ctx.In(0).dtype, out);
}

Status Lower(LowerContext& ctx, bool*) {
  const ValueId sum = ctx.Add("Add", {ctx.Input(0), ctx.Input(1)});
  const std::vector<ValueId> halves = ctx.AddMany("Split", {sum}, 2);
  ctx.Last().attributes.SetInt("axis", -1);
  ctx.Last().attributes.SetInt("num_outputs", 2);
  ctx.Return(0, ctx.Add("Mul", {halves[0], ctx.Add("Gelu", {halves[1]})}));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_BiasSplitGelu) {
  return {.name = "BiasSplitGelu",
          .domain = "com.microsoft",
          .min_inputs = 2,
          .max_inputs = 2,
          .infer = webinfer::ops::Infer,
          .lower = webinfer::ops::Lower};
}
