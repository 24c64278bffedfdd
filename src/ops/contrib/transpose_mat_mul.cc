// com.microsoft.TransposeMatMul: the old name of FusedMatMul.
#include "ops/contrib/fused_products.h"

WEBINFER_OP(Microsoft_TransposeMatMul) {
  return {.name = "TransposeMatMul",
          .domain = "com.microsoft",
          .min_inputs = 2,
          .max_inputs = 2,
          .lower = webinfer::ops::LowerToFusedMatMul};
}
