// Sum: the sum of all inputs.
#include "ops/math/variadic.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(CombineInputs < operator+>(s)); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Sum) {
  return {.name = "Sum",
          .since = 13,
          .max_inputs = -1,
          .lower = webinfer::ops::LowerVariadic,
          .expression = webinfer::ops::Expression};
}
