// Sqrt: the square root.
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(s.Apply(ScalarOp::kSqrt, s.In(0))); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Sqrt) { return {.name = "Sqrt", .since = 13, .expression = webinfer::ops::Expression}; }
