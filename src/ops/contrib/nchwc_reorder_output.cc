// com.microsoft.nchwc.ReorderOutput: the first `channels` channels of an image in blocks of channels, as [N, C, h, w] or [N, h,
// w, C].
#include "ops/contrib/nchwc.h"
#include "ops/nn/window.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  WEBINFER_TRY(NeedRank(ctx, 0, 4));
  WEBINFER_ASSIGN(ValueId x, Sliced(ctx, ctx.Input(0), 1, 0, ctx.attributes().Int("channels", 0)));
  if (ctx.attributes().Int("channels_last", 0) != 0) x = ToChannelsLast(ctx, x, 4);
  ctx.Return(0, x);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Nchwc_ReorderOutput) {
  return {.name = "ReorderOutput", .domain = "com.microsoft.nchwc", .lower = webinfer::ops::Lower};
}
