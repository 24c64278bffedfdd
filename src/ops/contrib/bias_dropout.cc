// BiasDropout: Dropout(data + bias, ratio, training) + residual.
#include "ops/contrib/compose.h"

namespace webinfer::ops {
namespace {

enum Input { kData, kBias, kResidual, kRatio, kTraining };

Status Lower(LowerContext& ctx, bool*) {
  const ValueId sum = ctx.Add("Add", {ctx.Input(kData), ctx.Input(kBias)});
  const ValueId ratio = ctx.HasInput(kRatio) ? ctx.Input(kRatio) : kNoValue;
  const std::vector<ValueId> kept = ctx.HasInput(kTraining)
                                        ? ctx.AddMany("Dropout", {sum, ratio, ctx.Input(kTraining)}, ctx.HasOutput(1) ? 2 : 1)
                                        : ctx.AddMany("Dropout", {sum}, ctx.HasOutput(1) ? 2 : 1);
  if (ctx.attributes().Has("seed")) ctx.Last().attributes.SetInt("seed", ctx.attributes().Int("seed", 0));
  if (ctx.HasOutput(1)) ctx.Return(1, kept[1]);
  ctx.Return(0, ctx.HasInput(kResidual) ? ctx.Add("Add", {kept[0], ctx.Input(kResidual)}) : kept[0]);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_BiasDropout) {
  return {.name = "BiasDropout",
          .domain = "com.microsoft",
          .min_inputs = 2,
          .max_inputs = 5,
          .max_outputs = 2,
          .lower = webinfer::ops::Lower};
}
