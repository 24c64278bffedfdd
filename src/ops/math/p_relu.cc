// PRelu: x, or slope x where x is negative.
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) {
  const ScalarValue x = s.In(0);
  s.Return(Select(x < 0, x * s.In(1), x));
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(PRelu) {
  return {.name = "PRelu", .since = 16, .min_inputs = 2, .max_inputs = 2, .expression = webinfer::ops::Expression};
}
