// IsNaN: whether x is not a number.
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(s.Apply(ScalarOp::kIsNan, s.In(0))); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(IsNaN) { return {.name = "IsNaN", .since = 20, .expression = webinfer::ops::Expression}; }
