// Pow: a to the power b, in the type of a; the exponents models use are products and roots.
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) {
  const ScalarValue x = s.In(0);
  const bool real = x.type() == ScalarType::kFloat32 || x.type() == ScalarType::kFloat64;
  double exponent = 0;
  if (s.KnownNumber(1, &exponent)) {
    if (exponent == 1) return s.Return(x);
    if (exponent == 2) return s.Return(x * x);
    if (exponent == 3) return s.Return(x * x * x);
    if (real && exponent == 0.5) return s.Return(Sqrt(x));
    if (real && exponent == -1) return s.Return(1.0 / x);
  }
  const ScalarValue y = s.In(1);
  const bool real_exponent = y.type() == ScalarType::kFloat32 || y.type() == ScalarType::kFloat64;
  const ScalarType type = real || !real_exponent ? x.type() : ScalarType::kFloat64;
  s.Return(s.Apply(ScalarOp::kPow, Convert(x, type), Convert(y, type)), s.DTypeOf(0));
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Pow) {
  return {.name = "Pow", .since = 15, .min_inputs = 2, .max_inputs = 2, .expression = webinfer::ops::Expression};
}
