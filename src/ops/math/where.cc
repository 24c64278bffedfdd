// Where: a where the condition holds, b elsewhere.
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(Select(s.In(0), s.In(1), s.In(2)), s.DTypeOf(1)); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Where) {
  return {.name = "Where", .since = 16, .min_inputs = 3, .max_inputs = 3, .expression = webinfer::ops::Expression};
}
