// webinfer.IntegerConv: see ops/quant/integer.h.
#include "ops/quant/integer.h"

WEBINFER_OP(webinfer_IntegerConv) {
  using namespace webinfer::ops;
  return {.name = "IntegerConv",
          .domain = "webinfer",
          .min_inputs = 2,
          .max_inputs = kIntegerInputs,
          .infer = InferIntegerConv,
          .bind = BindIntegerConv,
          .prepare = PrepareIntegerConv};
}
