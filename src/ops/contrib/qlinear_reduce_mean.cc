// QLinearReduceMean: the mean of a quantised tensor over `axes`.
#include "ops/quant/qlinear.h"

WEBINFER_OP(Microsoft_QLinearReduceMean) {
  using namespace webinfer;
  return {.name = "QLinearReduceMean",
          .domain = "com.microsoft",
          .min_inputs = 4,
          .max_inputs = 5,
          .lower = [](LowerContext& ctx, bool*) { return ops::LowerQLinear<1>(ctx, "ReduceMean"); }};
}
