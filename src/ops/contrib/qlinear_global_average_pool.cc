// QLinearGlobalAveragePool: GlobalAveragePool of a quantised tensor.
#include "ops/quant/qlinear.h"

WEBINFER_OP(Microsoft_QLinearGlobalAveragePool) {
  using namespace webinfer;
  return {.name = "QLinearGlobalAveragePool",
          .domain = "com.microsoft",
          .min_inputs = 4,
          .max_inputs = 5,
          .lower = [](LowerContext& ctx, bool*) { return ops::LowerQLinearPool(ctx, "GlobalAveragePool"); }};
}
