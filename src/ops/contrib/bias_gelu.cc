// BiasGelu: Gelu(x + bias).
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(Gelu(s.In(0) + s.In(1))); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_BiasGelu) {
  return {.name = "BiasGelu",
          .domain = "com.microsoft",
          .since = 1,
          .min_inputs = 2,
          .max_inputs = 2,
          .expression = webinfer::ops::Expression};
}
