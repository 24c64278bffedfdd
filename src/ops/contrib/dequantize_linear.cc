// com.microsoft's DequantizeLinear: the operator of ONNX, from before it knew 16 and 4 bits.
#include "ops/quant/linear.h"

WEBINFER_OP(Microsoft_DequantizeLinear) {
  using namespace webinfer;
  return {.name = "DequantizeLinear",
          .domain = "com.microsoft",
          .min_inputs = 2,
          .max_inputs = 3,
          .infer = ops::InferDequantizeLinear,
          .bind = ops::BindDequantizeLinear};
}
