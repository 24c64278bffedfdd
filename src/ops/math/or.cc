// Or: a or b, of bools.
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(s.Apply(ScalarOp::kOr, s.In(0), s.In(1))); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Or) { return {.name = "Or", .since = 7, .min_inputs = 2, .max_inputs = 2, .expression = webinfer::ops::Expression}; }
