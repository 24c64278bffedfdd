// Sin: sin(x).
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(s.Apply(ScalarOp::kSin, s.In(0))); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Sin) { return {.name = "Sin", .since = 22, .expression = webinfer::ops::Expression}; }
