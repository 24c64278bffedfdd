// Momentum: a step along the running gradient, "standard" or "nesterov".
#include "ops/training/optimizer.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  Optimizer o(ctx, 3);
  const bool nesterov = ctx.attributes().String("mode", "standard") == "nesterov";
  WEBINFER_ASSIGN(const ValueId alpha, o.Attribute("alpha", 0));
  WEBINFER_ASSIGN(const ValueId beta, o.Attribute("beta", 0));
  WEBINFER_ASSIGN(const ValueId one, o.Number(1));
  WEBINFER_ASSIGN(const ValueId weight, o.AfterFirst(beta, one));
  for (int i = 0; i < o.count(); ++i) {
    WEBINFER_ASSIGN(const ValueId gradient, o.Gradient(i));
    const ValueId velocity = o.Add(o.Mul(alpha, o.In(2, i)), o.Mul(weight, gradient));
    const ValueId direction = nesterov ? o.Add(gradient, o.Mul(alpha, velocity)) : velocity;
    o.Return(0, i, o.Sub(o.In(0, i), o.Mul(o.Rate(), direction)));
    o.Return(1, i, velocity);
  }
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Training_Momentum) {
  return {.name = "Momentum",
          .domain = "ai.onnx.preview.training",
          .min_inputs = 5,
          .max_inputs = -1,
          .max_outputs = -1,
          .lower = webinfer::ops::Lower};
}
