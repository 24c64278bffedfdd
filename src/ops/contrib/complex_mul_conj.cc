// ComplexMulConj: a times the conjugate of b, complex numbers being pairs along the last axis.
#include "ops/contrib/complex_products.h"

WEBINFER_OP(Microsoft_ComplexMulConj) {
  using namespace webinfer;
  return {.name = "ComplexMulConj",
          .domain = "com.microsoft",
          .min_inputs = 2,
          .max_inputs = 2,
          .lower = [](LowerContext& ctx, bool*) { return ops::LowerComplexProduct(ctx, true); }};
}
