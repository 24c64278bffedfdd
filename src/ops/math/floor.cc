// Floor: the next integer down.
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(s.Apply(ScalarOp::kFloor, s.In(0))); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Floor) { return {.name = "Floor", .since = 13, .expression = webinfer::ops::Expression}; }
