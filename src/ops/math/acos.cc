// Acos: acos(x).
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(s.Apply(ScalarOp::kAcos, s.In(0))); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Acos) { return {.name = "Acos", .since = 22, .expression = webinfer::ops::Expression}; }
