// com.microsoft.CausalConvWithState: ONNX's CausalConvWithState, with the attribute dilation, states in a window of one
// (state_window) and, with channels_last, images and states [batch, positions, channels...].
#include "ops/contrib/compose.h"

namespace webinfer::ops {
namespace {

enum Input { kX, kWeights, kBias, kPast };

// [batch, positions, channels...] to [batch, channels, positions].
Result<ValueId> ToChannelsFirst(LowerContext& ctx, ValueId x) {
  WEBINFER_ASSIGN(const ValueId flat, Reshaped(ctx, x, {0, 0, -1}));
  return Transposed(ctx, flat, {0, 2, 1});
}

// Back, with the channel axes of the input.
Result<ValueId> ToChannelsLast(LowerContext& ctx, ValueId x) {
  const ValueId flat = Transposed(ctx, x, {0, 2, 1});
  WEBINFER_ASSIGN(const ValueId kept, ctx.Ints({0, 0}));
  const ValueId channels = SizesOf(ctx, ctx.Input(kX), 2, kToEnd);
  return ctx.Add("Reshape", {flat, Joined(ctx, {kept, channels}, 0)});
}

Status Lower(LowerContext& ctx, bool*) {
  const bool last = ctx.attributes().Int("channels_last", 0) != 0;
  const int64_t window = ctx.attributes().Int("state_window", 0), ndim = ctx.attributes().Int("ndim", 1);
  if (ndim != 1 || window < 0 || window > 1) {
    return Error(Code::kUnsupported, "CausalConvWithState of this kind")
        .Expected("ndim 1, state_window 0 or 1")
        .Actual("ndim %lld, state_window %lld", static_cast<long long>(ndim), static_cast<long long>(window));
  }
  ValueId x = ctx.Input(kX), past = ctx.HasInput(kPast) ? ctx.Input(kPast) : kNoValue;
  if (window == 1 && past != kNoValue) {
    WEBINFER_ASSIGN(past, OnAxes(ctx, "Squeeze", past, {0}));
  }
  if (last) {
    WEBINFER_ASSIGN(x, ToChannelsFirst(ctx, x));
    if (past != kNoValue) {
      WEBINFER_ASSIGN(past, ToChannelsFirst(ctx, past));
    }
  }
  const std::vector<ValueId> results =
      ctx.AddMany("CausalConvWithState", {x, ctx.Input(kWeights), ctx.HasInput(kBias) ? ctx.Input(kBias) : kNoValue, past}, 2);
  ctx.Last().attributes.SetString("activation", ctx.attributes().String("activation", "none"));
  ctx.Last().attributes.SetInt("dilation", ctx.attributes().Int("dilation", 1));
  ValueId y = results[0], state = results[1];
  if (last) {
    WEBINFER_ASSIGN(y, ToChannelsLast(ctx, y));
    WEBINFER_ASSIGN(state, ToChannelsLast(ctx, state));
  }
  if (window == 1) {
    WEBINFER_ASSIGN(state, OnAxes(ctx, "Unsqueeze", state, {0}));
  }
  ctx.Return(0, y);
  ctx.Return(1, state);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_CausalConvWithState) {
  return {.name = "CausalConvWithState",
          .domain = "com.microsoft",
          .min_inputs = 2,
          .max_inputs = 4,
          .max_outputs = 2,
          .lower = webinfer::ops::Lower};
}
