// FastGelu: Gelu(x + bias) by the tanh approximation.
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(GeluTanh(s.Has(1) ? s.In(0) + s.In(1) : s.In(0))); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_FastGelu) {
  return {.name = "FastGelu", .domain = "com.microsoft", .since = 1, .max_inputs = 2, .expression = webinfer::ops::Expression};
}
