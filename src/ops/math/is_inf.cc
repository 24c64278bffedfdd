// IsInf: whether x is an infinity of a sign that is asked for.
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node& node, ScalarBuilder& s) {
  const ScalarValue x = s.In(0), infinite = s.Apply(ScalarOp::kIsInf, x);
  const bool negative = node.attributes.Int("detect_negative", 1) != 0, positive = node.attributes.Int("detect_positive", 1) != 0;
  if (negative && positive) return s.Return(infinite);
  if (!negative && !positive) return s.Return(infinite & Not(infinite));
  s.Return(infinite & (negative ? x < 0 : x > 0));
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(IsInf) { return {.name = "IsInf", .since = 20, .expression = webinfer::ops::Expression}; }
