// Xor: a or b, not both, of bools.
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(s.Apply(ScalarOp::kXor, s.In(0), s.In(1))); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Xor) {
  return {.name = "Xor", .since = 7, .min_inputs = 2, .max_inputs = 2, .expression = webinfer::ops::Expression};
}
