// Exp: exp(x).
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(s.Apply(ScalarOp::kExp, s.In(0))); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Exp) { return {.name = "Exp", .since = 13, .expression = webinfer::ops::Expression}; }
