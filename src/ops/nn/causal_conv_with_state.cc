// CausalConvWithState (ONNX 27): a depthwise 1-D convolution that sees only the past; the last inputs are the next run's past.
// Attribute dilation (of com.microsoft's form) spaces the taps.
#include <climits>

#include "ops/op.h"

namespace webinfer::ops {
namespace {

enum Input { kX, kWeights, kBias, kPast };

Status InferCausalConv(InferContext& ctx) {
  const Shape &x = ctx.In(kX).shape, &w = ctx.In(kWeights).shape;
  WEBINFER_TRY(ctx.ExpectRank(kX, 3));
  WEBINFER_TRY(ctx.ExpectRank(kWeights, 3));
  WEBINFER_TRY(ctx.SetOutput(0, ctx.In(kX).dtype, x));
  Shape state = Shape::Unknown(3);
  if (x.rank_known()) state = {x[0], x[1], kUnknownDim};
  if (w.rank_known() && w[2] > 0) state[2] = (w[2] - 1) * ctx.attributes().Int("dilation", 1);
  return ctx.SetOutput(1, ctx.In(kX).dtype, state);
}

Status LowerCausalConv(LowerContext& ctx, bool*) {
  const Shape& w = ctx.In(kWeights).shape;
  const std::string_view activation = ctx.attributes().String("activation", "none");
  const bool silu = activation == "silu" || activation == "swish";
  const int64_t dilation = ctx.attributes().Int("dilation", 1);
  if (!w.known() || w.rank() != 3 || w[2] < 1 || dilation < 1 || dilation > INT_MAX ||
      (!silu && activation != "none" && !activation.empty())) {
    return Error(Code::kUnsupported, "CausalConvWithState of this kind")
        .Expected("weights of known shape, activation none, silu or swish")
        .Actual("%s, %.*s", ShapeText(w).text, static_cast<int>(activation.size()), activation.data());
  }
  const int64_t past = (w[2] - 1) * dilation;
  ValueId padded;
  if (ctx.HasInput(kPast)) {
    padded = ctx.Add("Concat", {ctx.Input(kPast), ctx.Input(kX)});
    ctx.Last().attributes.SetInt("axis", 2);
  } else {
    WEBINFER_ASSIGN(const ValueId pads, ctx.Ints({0, 0, past, 0, 0, 0}));
    padded = ctx.Add("Pad", {ctx.Input(kX), pads});
  }
  ValueId y = ctx.Add("Conv", {padded, ctx.Input(kWeights), ctx.HasInput(kBias) ? ctx.Input(kBias) : kNoValue});
  ctx.Last().attributes.SetInt("group", w[0]);
  ctx.Last().attributes.SetInts("dilations", {dilation});
  if (silu) y = ctx.Add("Swish", {y});
  ctx.Return(0, y);
  if (!ctx.HasOutput(1)) return OkStatus();
  WEBINFER_ASSIGN(const ValueId starts, ctx.Ints({-past}));
  WEBINFER_ASSIGN(const ValueId ends, ctx.Ints({past == 0 ? 0 : INT_MAX}));
  WEBINFER_ASSIGN(const ValueId axes, ctx.Ints({2}));
  ctx.Return(1, ctx.Add("Slice", {padded, starts, ends, axes}));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(CausalConvWithState) {
  using namespace webinfer::ops;
  return {.name = "CausalConvWithState",
          .since = 27,
          .min_inputs = 2,
          .max_inputs = 4,
          .max_outputs = 2,
          .infer = InferCausalConv,
          .lower = LowerCausalConv};
}
