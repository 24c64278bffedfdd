// QLinearAdd: a + b of quantised tensors.
#include "ops/quant/qlinear.h"

WEBINFER_OP(Microsoft_QLinearAdd) {
  using namespace webinfer;
  return {
      .name = "QLinearAdd", .domain = "com.microsoft", .min_inputs = 7, .max_inputs = 8, .lower = [](LowerContext& ctx, bool*) {
        return ops::LowerQLinear<2>(ctx, "Add");
      }};
}
