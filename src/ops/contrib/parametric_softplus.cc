// ParametricSoftplus (experimental, in models of 2017 to 2019): alpha log(exp(beta x) + 1).
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node& node, ScalarBuilder& s) {
  const float alpha = node.attributes.Float("alpha", 1), beta = node.attributes.Float("beta", 1);
  s.Return(Softplus(s.In(0) * beta) * alpha);
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(ParametricSoftplus) { return {.name = "ParametricSoftplus", .expression = webinfer::ops::Expression}; }
