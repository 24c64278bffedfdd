// NhwcConv: Conv of images [N, spatial..., C] with weights [M, kernel..., C/group].
#include "ops/nn/convolution.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  const int rank = ctx.In(1).shape.rank();
  if (rank < 3) return Error(Code::kUnsupported, "NhwcConv needs weights of known rank");
  const ValueId weights = FromChannelsLast(ctx, ctx.Input(1), rank);
  const ValueId y = ctx.Add("NhwcFusedConv", {ctx.Input(0), weights, ctx.HasInput(2) ? ctx.Input(2) : kNoValue}, "com.microsoft");
  CopyAttributes(ctx);
  ctx.Return(0, y);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_NhwcConv) {
  return {.name = "NhwcConv", .domain = "com.microsoft", .min_inputs = 2, .max_inputs = 3, .lower = webinfer::ops::Lower};
}
