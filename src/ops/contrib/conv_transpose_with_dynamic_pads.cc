// ConvTransposeWithDynamicPads: ConvTranspose whose pads are an input [begins..., ends...]: what they take away is cut off behind
// it.
#include "ops/contrib/compose.h"

namespace webinfer::ops {
namespace {

enum Input { kX, kWeights, kPads, kBias };

Status Lower(LowerContext& ctx, bool*) {
  const int spatial = ctx.In(kWeights).shape.rank() - 2;
  if (spatial < 1) return Error(Code::kUnsupported, "ConvTransposeWithDynamicPads needs weights of known rank");
  const ValueId y =
      ctx.Add("ConvTranspose", {ctx.Input(kX), ctx.Input(kWeights), ctx.HasInput(kBias) ? ctx.Input(kBias) : kNoValue});
  ctx.Last().attributes = ctx.attributes();
  if (!ctx.HasInput(kPads)) {
    ctx.Return(0, y);
    return OkStatus();
  }
  const ValueId cut = ctx.Add("Neg", {ctx.Input(kPads)});
  WEBINFER_ASSIGN(const ValueId none, ctx.Ints({0, 0}));
  WEBINFER_ASSIGN(const ValueId begins, Sliced(ctx, cut, 0, 0, spatial));
  WEBINFER_ASSIGN(const ValueId ends, Sliced(ctx, cut, 0, spatial, 2 * spatial));
  ctx.Return(0, ctx.Add("Pad", {y, Joined(ctx, {none, begins, none, ends}, 0)}));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_ConvTransposeWithDynamicPads) {
  return {.name = "ConvTransposeWithDynamicPads",
          .domain = "com.microsoft",
          .min_inputs = 2,
          .max_inputs = 4,
          .lower = webinfer::ops::Lower};
}
