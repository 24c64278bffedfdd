// Less: a < b.
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(s.In(0) < s.In(1)); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Less) {
  return {.name = "Less", .since = 13, .min_inputs = 2, .max_inputs = 2, .expression = webinfer::ops::Expression};
}
