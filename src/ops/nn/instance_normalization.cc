// InstanceNormalization: each channel of each image to zero mean and unit variance, then scale and bias.
#include "ops/nn/normalization.h"

WEBINFER_OP(InstanceNormalization) {
  using namespace webinfer;
  return {.name = "InstanceNormalization",
          .since = 22,
          .min_inputs = 3,
          .max_inputs = 3,
          .infer = [](InferContext& ctx) { return ctx.SetOutput(0, ctx.In(0).dtype, ctx.In(0).shape); },
          .bind = [](BindContext& ctx) { return ops::BindGroups(ctx, ctx.In(0).shape.rank() < 2 ? 0 : ctx.In(0).shape[1]); }};
}
