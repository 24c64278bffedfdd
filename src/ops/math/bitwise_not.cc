// BitwiseNot: every bit inverted.
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(Not(s.In(0))); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(BitwiseNot) { return {.name = "BitwiseNot", .since = 18, .expression = webinfer::ops::Expression}; }
