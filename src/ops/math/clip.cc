// Clip: x limited to [min, max], each of which may be left out.
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) {
  ScalarValue x = s.In(0);
  const auto limit = [&](int i) {
    double value = 0;
    return s.KnownNumber(i, &value) && s.DTypeOf(i) != DType::kInt64 && s.DTypeOf(i) != DType::kUint64 ? Like(x, value) : s.In(i);
  };
  if (s.Has(1)) x = Max(x, limit(1));
  if (s.Has(2)) x = Min(x, limit(2));
  s.Return(x);
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Clip) { return {.name = "Clip", .since = 13, .max_inputs = 3, .expression = webinfer::ops::Expression}; }
