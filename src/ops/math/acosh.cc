// Acosh: acosh(x).
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(s.Apply(ScalarOp::kAcosh, s.In(0))); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Acosh) { return {.name = "Acosh", .since = 22, .expression = webinfer::ops::Expression}; }
