// NhwcFusedConv: FusedConv of images [N, spatial..., C]; the weights stay [M, C/group, kernel...].
#include "ops/float32.h"
#include "ops/nn/convolution.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  if (IsHalf(ctx.In(0).dtype)) return ComputeInFloat32(ctx);
  std::vector<ValueId> inputs;
  for (int i = 0; i < ctx.input_count(); ++i) inputs.push_back(ctx.Input(i));
  const ValueId y = ctx.Add("Conv", std::move(inputs), "webinfer");
  CopyAttributes(ctx);
  ctx.Return(0, y);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_NhwcFusedConv) {
  return {.name = "NhwcFusedConv",
          .domain = "com.microsoft",
          .min_inputs = 2,
          .max_inputs = 4,
          .infer = webinfer::ops::InferChannelsLastConv,
          .lower = webinfer::ops::Lower};
}
