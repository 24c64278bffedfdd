// Relu: max(x, 0).
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(Max(s.In(0), 0)); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Relu) { return {.name = "Relu", .since = 14, .expression = webinfer::ops::Expression}; }
