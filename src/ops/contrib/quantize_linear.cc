// com.microsoft's QuantizeLinear: the operator of ONNX, from before it knew 16 and 4 bits.
#include "ops/quant/linear.h"

WEBINFER_OP(Microsoft_QuantizeLinear) {
  using namespace webinfer;
  return {.name = "QuantizeLinear",
          .domain = "com.microsoft",
          .min_inputs = 2,
          .max_inputs = 3,
          .infer = ops::InferQuantizeLinear,
          .bind = ops::BindQuantizeLinear};
}
