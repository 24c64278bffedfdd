// Gelu: x times the normal distribution function of x.
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(Gelu(s.In(0))); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_Gelu) {
  return {.name = "Gelu", .domain = "com.microsoft", .since = 1, .expression = webinfer::ops::Expression};
}
