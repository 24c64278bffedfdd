// HardSwish: x times x / 6 + 1 / 2 limited to [0, 1].
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) {
  const ScalarValue x = s.In(0);
  s.Return(x * Min(Max(x * (1.0 / 6) + 0.5, 0), 1));
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(HardSwish) { return {.name = "HardSwish", .since = 22, .expression = webinfer::ops::Expression}; }
