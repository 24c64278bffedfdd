// Swish: x sigmoid(alpha x).
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node& node, ScalarBuilder& s) {
  const float alpha = node.attributes.Float("alpha", 1.0f);
  const ScalarValue x = s.In(0);
  s.Return(alpha == 1.0f ? Silu(x) : x * Sigmoid(x * alpha));
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Swish) { return {.name = "Swish", .since = 24, .expression = webinfer::ops::Expression}; }
