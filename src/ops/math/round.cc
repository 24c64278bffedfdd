// Round: the nearest integer, halves to the even one.
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(s.Apply(ScalarOp::kRound, s.In(0))); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Round) { return {.name = "Round", .since = 22, .expression = webinfer::ops::Expression}; }
