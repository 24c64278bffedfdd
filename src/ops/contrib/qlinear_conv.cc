// com.microsoft.QLinearConv: ONNX's QLinearConv, whose images are [N, spatial..., C] if channels_last is set.
#include "ops/nn/convolution.h"
#include "ops/quant/integer.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  std::vector<ValueId> inputs;
  if (ctx.attributes().Int("channels_last", 0) == 0) {
    for (int i = 0; i < ctx.input_count(); ++i) inputs.push_back(ctx.Input(i));
    const ValueId y = ctx.Add("QLinearConv", std::move(inputs));
    CopyAttributes(ctx);
    ctx.Return(0, y);
    return OkStatus();
  }
  for (int i : {0, 3, 1, 2, 4, 5, 6, 7, 8}) inputs.push_back(ctx.Input(i));  // the order of ops/quant/integer.h
  const ValueId y = ctx.Add("IntegerConv", std::move(inputs), "webinfer");
  CopyAttributes(ctx);
  ctx.Return(0, y);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_QLinearConv) {
  return {.name = "QLinearConv", .domain = "com.microsoft", .min_inputs = 8, .max_inputs = 9, .lower = webinfer::ops::Lower};
}
