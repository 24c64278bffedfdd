// ComplexMul and ComplexMulConj: products of complex numbers that lie as pairs along the last axis.
#pragma once

#include "ops/contrib/compose.h"

namespace webinfer::ops {

// a b, or a times the conjugate of b.
Status LowerComplexProduct(LowerContext& ctx, bool conjugate);

}  // namespace webinfer::ops
