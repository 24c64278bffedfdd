// Softplus: log(1 + exp(x)).
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(Softplus(s.In(0))); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Softplus) { return {.name = "Softplus", .since = 22, .expression = webinfer::ops::Expression}; }
