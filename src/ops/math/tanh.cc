// Tanh: tanh(x).
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(s.Apply(ScalarOp::kTanh, s.In(0))); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Tanh) { return {.name = "Tanh", .since = 13, .expression = webinfer::ops::Expression}; }
