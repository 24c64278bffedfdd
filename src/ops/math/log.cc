// Log: log(x).
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(s.Apply(ScalarOp::kLog, s.In(0))); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Log) { return {.name = "Log", .since = 13, .expression = webinfer::ops::Expression}; }
