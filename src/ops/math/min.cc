// Min: the smallest of all inputs; NaN if one is.
#include "ops/math/variadic.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(CombineInputs<Min>(s)); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Min) {
  return {.name = "Min",
          .since = 13,
          .max_inputs = -1,
          .lower = webinfer::ops::LowerVariadic,
          .expression = webinfer::ops::Expression};
}
