// Neg: -x.
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(s.Apply(ScalarOp::kNeg, s.In(0))); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Neg) { return {.name = "Neg", .since = 13, .expression = webinfer::ops::Expression}; }
