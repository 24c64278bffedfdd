// Cosh: cosh(x).
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(s.Apply(ScalarOp::kCosh, s.In(0))); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Cosh) { return {.name = "Cosh", .since = 22, .expression = webinfer::ops::Expression}; }
