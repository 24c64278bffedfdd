// GroupNorm: groups of channels to zero mean and unit variance, scale and bias of each channel, Silu if activation is 1.
#include "ops/contrib/group_norm.h"

#include "ops/nn/window.h"

namespace webinfer::ops {

Result<ValueId> AddGroupNorm(LowerContext& ctx, ValueId x, int rank) {
  const bool last = ctx.attributes().Int("channels_last", 1) != 0;
  if (rank < 3) return Error(Code::kUnsupported, "%s of a tensor whose rank is not known", ctx.node().op.c_str());
  const DType dtype = ctx.In(0).dtype;
  const auto parameter = [&](int i) { return ctx.In(i).dtype == dtype ? ctx.Input(i) : CastTo(ctx, ctx.Input(i), dtype); };
  const ValueId gamma = parameter(1), beta = parameter(2);
  if (last) x = FromChannelsLast(ctx, x, rank);
  ValueId y = ctx.Add("GroupNormalization", {x, gamma, beta});
  ctx.Last().attributes.SetInt("num_groups", ctx.attributes().Int("groups", 1));
  ctx.Last().attributes.SetFloat("epsilon", ctx.attributes().Float("epsilon", 1e-5f));
  if (last) y = ToChannelsLast(ctx, y, rank);
  return ctx.attributes().Int("activation", 0) == 1 ? ctx.Add("Swish", {y}) : y;
}

namespace {

Status Lower(LowerContext& ctx, bool*) {
  WEBINFER_ASSIGN(const ValueId y, AddGroupNorm(ctx, ctx.Input(0), ctx.In(0).shape.rank()));
  ctx.Return(0, y);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_GroupNorm) {
  return {.name = "GroupNorm", .domain = "com.microsoft", .min_inputs = 3, .max_inputs = 3, .lower = webinfer::ops::Lower};
}
