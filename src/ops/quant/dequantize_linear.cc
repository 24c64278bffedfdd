// DequantizeLinear: (x - zero point) * scale.
#include "ops/quant/linear.h"

WEBINFER_OP(DequantizeLinear) {
  using namespace webinfer;
  return {.name = "DequantizeLinear",
          .since = 25,
          .min_inputs = 2,
          .max_inputs = 3,
          .infer = ops::InferDequantizeLinear,
          .bind = ops::BindDequantizeLinear};
}
