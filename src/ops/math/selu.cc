// Selu: gamma times (x, or alpha (exp(x) - 1) where x is negative).
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node& node, ScalarBuilder& s) {
  const float alpha = node.attributes.Float("alpha", 1.67326319217681884765625f);
  const float gamma = node.attributes.Float("gamma", 1.05070102214813232421875f);
  const ScalarValue x = s.In(0);
  s.Return((Max(x, 0) + Expm1(Min(x, 0)) * alpha) * gamma);
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Selu) { return {.name = "Selu", .since = 22, .expression = webinfer::ops::Expression}; }
