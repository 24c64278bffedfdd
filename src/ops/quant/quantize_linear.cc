// QuantizeLinear: saturate(round(x / scale) + zero point).
#include "ops/quant/linear.h"

WEBINFER_OP(QuantizeLinear) {
  using namespace webinfer;
  return {.name = "QuantizeLinear",
          .since = 25,
          .min_inputs = 2,
          .max_inputs = 3,
          .infer = ops::InferQuantizeLinear,
          .bind = ops::BindQuantizeLinear};
}
