// Reciprocal: 1 / x.
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(1.0 / s.In(0)); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Reciprocal) { return {.name = "Reciprocal", .since = 13, .expression = webinfer::ops::Expression}; }
