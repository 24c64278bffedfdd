// com.microsoft.FusedConv: Conv(x, w, b?) + z? with an activation; webinfer.Conv between two transposes.
#include "ops/float32.h"
#include "ops/nn/convolution.h"
#include "ops/nn/window.h"

namespace webinfer::ops {
namespace {

Status LowerFusedConv(LowerContext& ctx, bool*) {
  if (IsHalf(ctx.In(0).dtype)) return ComputeInFloat32(ctx);
  const int rank = ctx.In(1).shape.rank();
  if (rank < 3) return Error(Code::kUnsupported, "FusedConv needs weights of known rank");
  std::vector<ValueId> inputs = {ToChannelsLast(ctx, ctx.Input(0), rank), ctx.Input(1), ctx.Input(2)};
  if (ctx.HasInput(3)) inputs.push_back(ToChannelsLast(ctx, ctx.Input(3), rank));
  const ValueId out = ctx.Add("Conv", std::move(inputs), "webinfer");
  CopyAttributes(ctx);
  ctx.Return(0, FromChannelsLast(ctx, out, rank));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_FusedConv) {
  using namespace webinfer::ops;
  return {.name = "FusedConv",
          .domain = "com.microsoft",
          .min_inputs = 2,
          .max_inputs = 4,
          .infer = InferConv,
          .lower = LowerFusedConv};
}
