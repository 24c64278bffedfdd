// Adagrad: each element's rate shrinks with the squares of its gradients so far.
#include "ops/training/optimizer.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  Optimizer o(ctx, 3);
  WEBINFER_ASSIGN(const ValueId decay, o.Attribute("decay_factor", 0));
  WEBINFER_ASSIGN(const ValueId epsilon, o.Attribute("epsilon", 1e-6f));
  WEBINFER_ASSIGN(const ValueId one, o.Number(1));
  const ValueId rate = o.Div(o.Rate(), o.Add(one, o.Mul(o.StepCount(), decay)));
  for (int i = 0; i < o.count(); ++i) {
    WEBINFER_ASSIGN(const ValueId gradient, o.Gradient(i));
    const ValueId squares = o.Add(o.In(2, i), o.Mul(gradient, gradient));
    o.Return(0, i, o.Sub(o.In(0, i), o.Div(o.Mul(rate, gradient), o.Add(o.Sqrt(squares), epsilon))));
    o.Return(1, i, squares);
  }
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Training_Adagrad) {
  return {.name = "Adagrad",
          .domain = "ai.onnx.preview.training",
          .min_inputs = 5,
          .max_inputs = -1,
          .max_outputs = -1,
          .lower = webinfer::ops::Lower};
}
