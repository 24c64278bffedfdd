// Sign: -1, 0 or 1.
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(s.Apply(ScalarOp::kSign, s.In(0))); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Sign) { return {.name = "Sign", .since = 13, .expression = webinfer::ops::Expression}; }
