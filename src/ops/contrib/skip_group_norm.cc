// SkipGroupNorm: GroupNorm of x + skip + bias, which is the second output. skip is like x, or one number for each channel of an
// image ([N, 1, 1, C] or [N, C]).
#include "ops/contrib/group_norm.h"

namespace webinfer::ops {
namespace {

enum Input { kX, kGamma, kBeta, kSkip, kBias };

Status Lower(LowerContext& ctx, bool*) {
  WEBINFER_TRY(NeedRank(ctx, kX, 4));
  const bool last = ctx.attributes().Int("channels_last", 1) != 0;
  ValueId skip = ctx.Input(kSkip), bias = ctx.HasInput(kBias) ? ctx.Input(kBias) : kNoValue;
  if (ctx.In(kSkip).shape.rank() == 2) {
    WEBINFER_ASSIGN(const ValueId axes, last ? ctx.Ints({1, 2}) : ctx.Ints({2, 3}));
    skip = ctx.Add("Unsqueeze", {skip, axes});
  }
  if (bias != kNoValue && !last) {
    WEBINFER_ASSIGN(bias, OnAxes(ctx, "Unsqueeze", bias, {1, 2}));
  }
  ValueId sum = ctx.Add("Add", {ctx.Input(kX), skip});
  if (bias != kNoValue) sum = ctx.Add("Add", {sum, bias});
  WEBINFER_ASSIGN(const ValueId y, AddGroupNorm(ctx, sum, 4));
  ctx.Return(0, y);
  ctx.Return(1, sum);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_SkipGroupNorm) {
  return {.name = "SkipGroupNorm",
          .domain = "com.microsoft",
          .min_inputs = 4,
          .max_inputs = 5,
          .max_outputs = 2,
          .lower = webinfer::ops::Lower};
}
