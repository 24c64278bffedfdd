// Celu: max(0, x) + min(0, alpha (exp(x / alpha) - 1)).
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node& node, ScalarBuilder& s) {
  const float alpha = node.attributes.Float("alpha", 1.0f);
  const ScalarValue x = s.In(0);
  s.Return(Max(x, 0) + Min(Expm1(x / alpha) * alpha, 0));
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Celu) { return {.name = "Celu", .since = 28, .expression = webinfer::ops::Expression}; }
