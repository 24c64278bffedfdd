// QuickGelu: x sigmoid(alpha x).
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node& node, ScalarBuilder& s) {
  const float alpha = node.attributes.Float("alpha", 1.702f);
  const ScalarValue x = s.In(0);
  s.Return(x * Sigmoid(x * alpha));
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_QuickGelu) {
  return {.name = "QuickGelu", .domain = "com.microsoft", .since = 1, .expression = webinfer::ops::Expression};
}
