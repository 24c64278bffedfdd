// Affine (experimental, in models of 2017 to 2019): alpha x + beta.
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node& node, ScalarBuilder& s) {
  const float alpha = node.attributes.Float("alpha", 1), beta = node.attributes.Float("beta", 0);
  s.Return(s.In(0) * alpha + beta);
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Affine) { return {.name = "Affine", .expression = webinfer::ops::Expression}; }
