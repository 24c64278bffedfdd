#include "ops/quant/qlinear.h"

namespace webinfer::ops {

ValueId Dequantized(LowerContext& ctx, int i) {
  std::vector<ValueId> inputs = {ctx.Input(i), ctx.Input(i + 1)};
  if (ctx.HasInput(i + 2)) inputs.push_back(ctx.Input(i + 2));
  return ctx.Add("DequantizeLinear", std::move(inputs));
}

Status ReturnQuantized(LowerContext& ctx, ValueId value, int scale, int like) {
  ValueId zero = ctx.Input(scale + 1);
  if (!ctx.HasInput(scale + 1)) {
    WEBINFER_ASSIGN(zero, ctx.Scalar(ctx.In(like).dtype, 0));
  }
  ctx.Return(0, ctx.Add("QuantizeLinear", {value, ctx.Input(scale), zero}));
  return OkStatus();
}

namespace {

std::vector<int64_t> ChannelsTo(int rank, bool last) {
  std::vector<int64_t> perm = {0};
  if (!last) perm.push_back(rank - 1);
  for (int i = 1; i < rank; ++i) {
    if (last ? i > 1 : i < rank - 1) perm.push_back(i);
  }
  if (last) perm.push_back(1);
  return perm;
}

}  // namespace

Status LowerQLinearPool(LowerContext& ctx, const char* op) {
  const bool channels_last = ctx.attributes().Int("channels_last", 0) != 0;
  const int rank = ctx.In(0).shape.rank();
  if (channels_last && rank < 3) return Error(Code::kUnsupported, "%s of a tensor whose rank is not known", op);
  ValueId value = Dequantized(ctx, 0);
  const auto transpose = [&](bool last) {
    value = ctx.Add("Transpose", {value});
    ctx.Last().attributes.SetInts("perm", ChannelsTo(rank, last));
  };
  if (channels_last) transpose(false);
  value = ctx.Add(op, {value});
  ctx.Last().attributes = ctx.attributes();
  ctx.Last().attributes.Remove("channels_last");
  if (channels_last) transpose(true);
  return ReturnQuantized(ctx, value, 3);
}

}  // namespace webinfer::ops
