// Adam: running means of gradients and of their squares, both corrected for having started at 0.
#include "ops/training/optimizer.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  Optimizer o(ctx, 4);
  WEBINFER_ASSIGN(const ValueId alpha, o.Attribute("alpha", 0.9f));
  WEBINFER_ASSIGN(const ValueId beta, o.Attribute("beta", 0.999f));
  WEBINFER_ASSIGN(const ValueId epsilon, o.Attribute("epsilon", 1e-6f));
  WEBINFER_ASSIGN(const ValueId one, o.Number(1));
  const double decay = ctx.attributes().Float("norm_coefficient_post", 0);
  WEBINFER_ASSIGN(const ValueId keep, o.Number(1 - decay));
  const ValueId step = o.StepCount();
  const ValueId correction = o.Div(o.Sqrt(o.Sub(one, o.Pow(beta, step))), o.Sub(one, o.Pow(alpha, step)));
  WEBINFER_ASSIGN(const ValueId rate, o.AfterFirst(o.Mul(o.Rate(), correction), o.Rate()));
  for (int i = 0; i < o.count(); ++i) {
    WEBINFER_ASSIGN(const ValueId gradient, o.Gradient(i));
    const ValueId mean = o.Add(o.Mul(alpha, o.In(2, i)), o.Mul(o.Sub(one, alpha), gradient));
    const ValueId squares = o.Add(o.Mul(beta, o.In(3, i)), o.Mul(o.Sub(one, beta), o.Mul(gradient, gradient)));
    const ValueId moved = o.Sub(o.In(0, i), o.Div(o.Mul(rate, mean), o.Add(o.Sqrt(squares), epsilon)));
    o.Return(0, i, o.Mul(keep, moved));
    o.Return(1, i, mean);
    o.Return(2, i, squares);
  }
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Training_Adam) {
  return {.name = "Adam",
          .domain = "ai.onnx.preview.training",
          .min_inputs = 6,
          .max_inputs = -1,
          .max_outputs = -1,
          .lower = webinfer::ops::Lower};
}
