// Sigmoid: 1 / (1 + exp(-x)).
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(s.Apply(ScalarOp::kSigmoid, s.In(0))); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Sigmoid) { return {.name = "Sigmoid", .since = 13, .expression = webinfer::ops::Expression}; }
