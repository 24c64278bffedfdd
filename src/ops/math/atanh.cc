// Atanh: atanh(x).
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(s.Apply(ScalarOp::kAtanh, s.In(0))); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Atanh) { return {.name = "Atanh", .since = 22, .expression = webinfer::ops::Expression}; }
