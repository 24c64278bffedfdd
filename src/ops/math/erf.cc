// Erf: the error function.
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(s.Apply(ScalarOp::kErf, s.In(0))); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Erf) { return {.name = "Erf", .since = 13, .expression = webinfer::ops::Expression}; }
