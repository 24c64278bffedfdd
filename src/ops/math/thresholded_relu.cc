// ThresholdedRelu: x where it is above alpha, 0 elsewhere.
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node& node, ScalarBuilder& s) {
  const ScalarValue x = s.In(0);
  s.Return(Select(x > node.attributes.Float("alpha", 1.0f), x, Like(x, 0)));
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(ThresholdedRelu) { return {.name = "ThresholdedRelu", .since = 22, .expression = webinfer::ops::Expression}; }
