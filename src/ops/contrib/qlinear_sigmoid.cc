// QLinearSigmoid: Sigmoid of a quantised tensor.
#include "ops/quant/qlinear.h"

WEBINFER_OP(Microsoft_QLinearSigmoid) {
  using namespace webinfer;
  return {.name = "QLinearSigmoid",
          .domain = "com.microsoft",
          .min_inputs = 4,
          .max_inputs = 5,
          .lower = [](LowerContext& ctx, bool*) { return ops::LowerQLinear<1>(ctx, "Sigmoid"); }};
}
