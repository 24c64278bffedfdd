// Asin: asin(x).
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(s.Apply(ScalarOp::kAsin, s.In(0))); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Asin) { return {.name = "Asin", .since = 22, .expression = webinfer::ops::Expression}; }
