// Asinh: asinh(x).
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(s.Apply(ScalarOp::kAsinh, s.In(0))); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Asinh) { return {.name = "Asinh", .since = 22, .expression = webinfer::ops::Expression}; }
