// NhwcMaxPool: MaxPool of images [N, spatial..., C], of 8 bits in quantised models.
#include "ops/nn/window.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  const int rank = ctx.In(0).shape.rank();
  if (rank < 3) return Error(Code::kUnsupported, "NhwcMaxPool of a tensor whose rank is not known");
  const ValueId y = ctx.Add("MaxPool", {FromChannelsLast(ctx, ctx.Input(0), rank)});
  CopyAttributes(ctx);
  ctx.Return(0, ToChannelsLast(ctx, y, rank));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_NhwcMaxPool) { return {.name = "NhwcMaxPool", .domain = "com.microsoft", .lower = webinfer::ops::Lower}; }
