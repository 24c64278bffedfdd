// BiasAdd: x + bias + skip.
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(s.In(0) + s.In(1) + s.In(2)); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_BiasAdd) {
  return {.name = "BiasAdd",
          .domain = "com.microsoft",
          .since = 1,
          .min_inputs = 3,
          .max_inputs = 3,
          .expression = webinfer::ops::Expression};
}
