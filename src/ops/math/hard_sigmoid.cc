// HardSigmoid: alpha x + beta limited to [0, 1].
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node& node, ScalarBuilder& s) {
  const float alpha = node.attributes.Float("alpha", 0.2f), beta = node.attributes.Float("beta", 0.5f);
  s.Return(Min(Max(s.In(0) * alpha + beta, 0), 1));
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(HardSigmoid) { return {.name = "HardSigmoid", .since = 22, .expression = webinfer::ops::Expression}; }
