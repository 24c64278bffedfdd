// SparseToDenseMatMul: the product of a sparse matrix, which is a dense one here (sparse initializers are), and a dense one.
#include "ops/contrib/fused_products.h"

WEBINFER_OP(Microsoft_SparseToDenseMatMul) {
  return {.name = "SparseToDenseMatMul",
          .domain = "com.microsoft",
          .min_inputs = 2,
          .max_inputs = 2,
          .lower = webinfer::ops::LowerToFusedMatMul};
}
