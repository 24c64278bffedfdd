// com.microsoft.nchwc.ReorderInput: an image [N, C, h, w] (or [N, h, w, C]) into blocks of channels, the last one padded.
#include "ops/contrib/nchwc.h"
#include "ops/nn/window.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  WEBINFER_TRY(NeedRank(ctx, 0, 4));
  const bool last = ctx.attributes().Int("channels_last", 0) != 0;
  const int64_t channels = ctx.In(0).shape[last ? 3 : 1], block = NchwcBlock(ctx.graph());
  if (channels < 0) return Error(Code::kUnsupported, "ReorderInput of an unknown number of channels");
  ValueId x = last ? FromChannelsLast(ctx, ctx.Input(0), 4) : ctx.Input(0);
  const int64_t missing = (block - channels % block) % block;
  if (missing > 0) {
    WEBINFER_ASSIGN(const ValueId pads, ctx.Ints({0, 0, 0, 0, 0, missing, 0, 0}));
    x = ctx.Add("Pad", {x, pads});
  }
  ctx.Return(0, x);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Nchwc_ReorderInput) {
  return {.name = "ReorderInput", .domain = "com.microsoft.nchwc", .lower = webinfer::ops::Lower};
}
