// BitShift: a shifted by b bits to the left or right; 0 from the width on.
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node& node, ScalarBuilder& s) {
  const bool left = node.attributes.String("direction", "") == "LEFT";
  s.Return(s.Apply(left ? ScalarOp::kShiftLeft : ScalarOp::kShiftRight, s.In(0), s.In(1)));
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(BitShift) {
  return {.name = "BitShift", .since = 11, .min_inputs = 2, .max_inputs = 2, .expression = webinfer::ops::Expression};
}
