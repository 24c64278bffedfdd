// Shrink: x moved towards zero by bias, and 0 within +-lambd.
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node& node, ScalarBuilder& s) {
  const double lambd = node.attributes.Float("lambd", 0.5f), bias = node.attributes.Float("bias", 0.0f);
  const ScalarValue input = s.In(0);
  const ScalarType type = input.type() == ScalarType::kFloat64 ? ScalarType::kFloat64 : ScalarType::kFloat32;
  const ScalarValue x = Convert(input, type);
  s.Return(Select(x < -lambd, x + bias, Select(x > lambd, x - bias, Like(x, 0))), s.DTypeOf(0));
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Shrink) { return {.name = "Shrink", .since = 9, .expression = webinfer::ops::Expression}; }
