// LeakyRelu: x, or alpha x where x is negative.
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node& node, ScalarBuilder& s) {
  const double alpha = node.attributes.Float("alpha", 0.01f);
  const ScalarValue x = s.In(0);
  if (alpha >= 0 && alpha <= 1) return s.Return(Max(x, x * alpha));
  s.Return(Select(x < 0, x * alpha, x));
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(LeakyRelu) { return {.name = "LeakyRelu", .since = 16, .expression = webinfer::ops::Expression}; }
