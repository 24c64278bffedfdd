// QLinearAveragePool: AveragePool of a quantised tensor.
#include "ops/quant/qlinear.h"

WEBINFER_OP(Microsoft_QLinearAveragePool) {
  using namespace webinfer;
  return {.name = "QLinearAveragePool",
          .domain = "com.microsoft",
          .min_inputs = 4,
          .max_inputs = 5,
          .lower = [](LowerContext& ctx, bool*) { return ops::LowerQLinearPool(ctx, "AveragePool"); }};
}
