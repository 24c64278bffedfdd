// BitwiseAnd: a and b, bit by bit, of integers.
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(s.Apply(ScalarOp::kAnd, s.In(0), s.In(1))); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(BitwiseAnd) {
  return {.name = "BitwiseAnd", .since = 18, .min_inputs = 2, .max_inputs = 2, .expression = webinfer::ops::Expression};
}
