// Ceil: the next integer up.
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(s.Apply(ScalarOp::kCeil, s.In(0))); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Ceil) { return {.name = "Ceil", .since = 13, .expression = webinfer::ops::Expression}; }
