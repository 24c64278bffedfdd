// QLinearConcat: Concat of quantised tensors (scale, zero point, then tensor, scale, zero point of each input).
#include "ops/quant/qlinear.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  std::vector<ValueId> parts;
  for (int i = 2; i + 2 < ctx.input_count(); i += 3) parts.push_back(Dequantized(ctx, i));
  const ValueId joined = ctx.Add("Concat", std::move(parts));
  ctx.Last().attributes = ctx.attributes();
  return ReturnQuantized(ctx, joined, 0, 2);
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_QLinearConcat) {
  using namespace webinfer;
  return {.name = "QLinearConcat", .domain = "com.microsoft", .min_inputs = 5, .max_inputs = -1, .lower = ops::Lower};
}
