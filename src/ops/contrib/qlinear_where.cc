// QLinearWhere: Where on quantised tensors (condition, x and its scale and zero point, y, z).
#include "ops/quant/qlinear.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  return ReturnQuantized(ctx, ctx.Add("Where", {ctx.Input(0), Dequantized(ctx, 1), Dequantized(ctx, 4)}), 7, 1);
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_QLinearWhere) {
  using namespace webinfer;
  return {.name = "QLinearWhere", .domain = "com.microsoft", .min_inputs = 9, .max_inputs = 9, .lower = ops::Lower};
}
