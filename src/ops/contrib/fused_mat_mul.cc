// com.microsoft.FusedMatMul: webinfer.MatMul under another name.
#include "ops/contrib/fused_products.h"

WEBINFER_OP(Microsoft_FusedMatMul) {
  return {.name = "FusedMatMul",
          .domain = "com.microsoft",
          .min_inputs = 2,
          .max_inputs = 2,
          .lower = webinfer::ops::LowerToFusedMatMul};
}
