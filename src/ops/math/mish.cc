// Mish: x tanh(log(1 + exp(x))).
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) {
  const ScalarValue x = s.In(0);
  s.Return(x * Tanh(Softplus(x)));
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Mish) { return {.name = "Mish", .since = 22, .expression = webinfer::ops::Expression}; }
