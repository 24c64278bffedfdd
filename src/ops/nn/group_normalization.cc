// GroupNormalization: groups of channels to zero mean and unit variance, then scale and bias per channel (opset 18: per group).
#include "ops/nn/normalization.h"

WEBINFER_OP(GroupNormalization) {
  using namespace webinfer;
  return {.name = "GroupNormalization",
          .since = 21,
          .min_inputs = 3,
          .max_inputs = 3,
          .infer = [](InferContext& ctx) { return ctx.SetOutput(0, ctx.In(0).dtype, ctx.In(0).shape); },
          .bind = [](BindContext& ctx) { return ops::BindGroups(ctx, ctx.attributes().Int("num_groups", 0)); }};
}
