// Mean: the mean of all inputs.
#include "ops/math/variadic.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(CombineInputs < operator+>(s) / s.input_count()); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Mean) {
  return {.name = "Mean",
          .since = 13,
          .max_inputs = -1,
          .lower = webinfer::ops::LowerVariadic,
          .expression = webinfer::ops::Expression};
}
