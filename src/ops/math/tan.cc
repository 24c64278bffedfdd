// Tan: tan(x).
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(s.Apply(ScalarOp::kTan, s.In(0))); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Tan) { return {.name = "Tan", .since = 22, .expression = webinfer::ops::Expression}; }
