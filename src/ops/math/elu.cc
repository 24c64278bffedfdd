// Elu: x, or alpha (exp(x) - 1) where x is negative.
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node& node, ScalarBuilder& s) {
  const ScalarValue x = s.In(0);
  s.Return(Max(x, 0) + Expm1(Min(x, 0)) * node.attributes.Float("alpha", 1.0f));
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Elu) { return {.name = "Elu", .since = 22, .expression = webinfer::ops::Expression}; }
