// Not: not a, of bools.
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(Not(s.In(0))); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Not) { return {.name = "Not", .since = 1, .expression = webinfer::ops::Expression}; }
