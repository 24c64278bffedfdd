// webinfer.IntegerMatMul: see ops/quant/integer.h.
#include "ops/quant/integer.h"

WEBINFER_OP(webinfer_IntegerMatMul) {
  using namespace webinfer::ops;
  return {.name = "IntegerMatMul",
          .domain = "webinfer",
          .min_inputs = 2,
          .max_inputs = kIntegerInputs,
          .infer = InferIntegerMatMul,
          .bind = BindIntegerMatMul,
          .prepare = PrepareIntegerMatMul};
}
