// SwiGLU: the gated activation of language models, Swish(gate) x, where Swish is gate sigmoid(alpha gate).
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node& node, ScalarBuilder& s) {
  const ScalarValue gate = s.In(0);
  s.Return(gate * Sigmoid(gate * node.attributes.Float("alpha", 1.0f)) * s.In(1));
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(SwiGLU) {
  return {.name = "SwiGLU", .since = 28, .min_inputs = 2, .max_inputs = 2, .expression = webinfer::ops::Expression};
}
