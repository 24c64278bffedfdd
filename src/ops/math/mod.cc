// Mod: the remainder of a / b, with the sign of b, or with that of a when fmod is set.
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node& node, ScalarBuilder& s) {
  const bool fmod = node.attributes.Int("fmod", 0) != 0;
  s.Return(s.Apply(fmod ? ScalarOp::kFmod : ScalarOp::kMod, s.In(0), s.In(1)));
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Mod) {
  return {.name = "Mod", .since = 13, .min_inputs = 2, .max_inputs = 2, .expression = webinfer::ops::Expression};
}
