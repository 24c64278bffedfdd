// ScaledTanh (experimental, in models of 2017 to 2019): alpha tanh(beta x).
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node& node, ScalarBuilder& s) {
  const float alpha = node.attributes.Float("alpha", 1), beta = node.attributes.Float("beta", 1);
  s.Return(Tanh(s.In(0) * beta) * alpha);
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(ScaledTanh) { return {.name = "ScaledTanh", .expression = webinfer::ops::Expression}; }
