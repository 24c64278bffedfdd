// Softsign: x / (1 + abs(x)).
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) {
  const ScalarValue x = s.In(0);
  s.Return(x / (Abs(x) + 1));
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Softsign) { return {.name = "Softsign", .since = 22, .expression = webinfer::ops::Expression}; }
