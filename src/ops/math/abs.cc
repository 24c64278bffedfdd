// Abs: the magnitude.
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(s.Apply(ScalarOp::kAbs, s.In(0))); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Abs) { return {.name = "Abs", .since = 13, .expression = webinfer::ops::Expression}; }
