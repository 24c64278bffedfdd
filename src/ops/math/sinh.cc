// Sinh: sinh(x).
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(s.Apply(ScalarOp::kSinh, s.In(0))); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Sinh) { return {.name = "Sinh", .since = 22, .expression = webinfer::ops::Expression}; }
