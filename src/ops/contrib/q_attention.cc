// QAttention: com.microsoft.Attention whose input and projection weights are quantised; the rest computes in floats.
#include "ops/contrib/compose.h"

namespace webinfer::ops {
namespace {

enum Input { kX, kWeights, kBias, kXScale, kWScale, kMask, kXZero, kWZero, kPast };

Status Lower(LowerContext& ctx, bool*) {
  if (ctx.attributes().Int("do_rotary", 0) != 0 || ctx.attributes().Int("past_present_share_buffer", 0) != 0)
    return Error(Code::kUnsupported, "QAttention with do_rotary or past_present_share_buffer");
  const ValueId projected = ctx.Add("IntegerMatMul",
                                    {ctx.Input(kX), ctx.Input(kWeights), ctx.Input(kXScale), ctx.Input(kXZero),
                                     ctx.Input(kWScale), ctx.Input(kWZero), kNoValue, kNoValue, ctx.Input(kBias)},
                                    "webinfer");
  const std::vector<ValueId> sides = ctx.AddMany("Split", {projected}, 3);
  ctx.Last().attributes.SetInt("axis", 2);
  ctx.Last().attributes.SetInt("num_outputs", 3);
  ValueId past[2] = {kNoValue, kNoValue};
  for (int i = 0; i < 2 && ctx.HasInput(kPast); ++i) {
    WEBINFER_ASSIGN(const ValueId which, ctx.Scalar(DType::kInt64, i));
    past[i] = ctx.Add("Gather", {ctx.Input(kPast), which});
  }
  const std::vector<ValueId> results = ctx.AddMany(
      "MultiHeadAttention",
      {sides[0], sides[1], sides[2], kNoValue, ctx.HasInput(kMask) ? ctx.Input(kMask) : kNoValue, kNoValue, past[0], past[1]},
      ctx.HasOutput(1) ? 3 : 1, "com.microsoft");
  ctx.Last().attributes = ctx.attributes();
  ctx.Return(0, results[0]);
  if (!ctx.HasOutput(1)) return OkStatus();
  WEBINFER_ASSIGN(const ValueId keys, OnAxes(ctx, "Unsqueeze", results[1], {0}));
  WEBINFER_ASSIGN(const ValueId values, OnAxes(ctx, "Unsqueeze", results[2], {0}));
  ctx.Return(1, Joined(ctx, {keys, values}, 0));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_QAttention) {
  return {.name = "QAttention",
          .domain = "com.microsoft",
          .min_inputs = 5,
          .max_inputs = 9,
          .max_outputs = 2,
          .lower = webinfer::ops::Lower};
}
