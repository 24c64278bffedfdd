// QLinearLeakyRelu: LeakyRelu of a quantised tensor.
#include "ops/quant/qlinear.h"

WEBINFER_OP(Microsoft_QLinearLeakyRelu) {
  using namespace webinfer;
  return {.name = "QLinearLeakyRelu",
          .domain = "com.microsoft",
          .min_inputs = 4,
          .max_inputs = 5,
          .lower = [](LowerContext& ctx, bool*) { return ops::LowerQLinear<1>(ctx, "LeakyRelu"); }};
}
