// Gelu: x times the normal distribution function of x, by erf, or by its tanh approximation.
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node& node, ScalarBuilder& s) {
  const ScalarValue x = s.In(0);
  s.Return(node.attributes.String("approximate", "none") == "tanh" ? GeluTanh(x) : Gelu(x));
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Gelu) { return {.name = "Gelu", .since = 20, .expression = webinfer::ops::Expression}; }
