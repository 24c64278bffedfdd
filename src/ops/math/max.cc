// Max: the largest of all inputs; NaN if one is.
#include "ops/math/variadic.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(CombineInputs<Max>(s)); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Max) {
  return {.name = "Max",
          .since = 13,
          .max_inputs = -1,
          .lower = webinfer::ops::LowerVariadic,
          .expression = webinfer::ops::Expression};
}
