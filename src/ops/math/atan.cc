// Atan: atan(x).
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(s.Apply(ScalarOp::kAtan, s.In(0))); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Atan) { return {.name = "Atan", .since = 22, .expression = webinfer::ops::Expression}; }
