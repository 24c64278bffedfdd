// Cos: cos(x).
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(s.Apply(ScalarOp::kCos, s.In(0))); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Cos) { return {.name = "Cos", .since = 22, .expression = webinfer::ops::Expression}; }
