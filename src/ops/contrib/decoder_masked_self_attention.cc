// DecoderMaskedSelfAttention: com.microsoft.Attention of one new token with a cache that grows.
#include "ops/contrib/compose.h"

namespace webinfer::ops {
namespace {

enum Input { kX, kWeights, kBias, kMask, kPast, kAttentionBias, kPastLength, kBeams, kIndirection };

Status Lower(LowerContext& ctx, bool*) {
  if (ctx.attributes().Int("past_present_share_buffer", 0) != 0 || ctx.attributes().Int("do_rotary", 0) != 0 ||
      ctx.HasInput(kIndirection)) {
    return Error(Code::kUnsupported, "DecoderMaskedSelfAttention of this kind")
        .Expected("no past_present_share_buffer, do_rotary or cache_indirection");
  }
  const std::vector<ValueId> results =
      ctx.AddMany("Attention",
                  {ctx.Input(kX), ctx.Input(kWeights), ctx.Input(kBias), ctx.HasInput(kMask) ? ctx.Input(kMask) : kNoValue,
                   ctx.Input(kPast), ctx.HasInput(kAttentionBias) ? ctx.Input(kAttentionBias) : kNoValue},
                  2, "com.microsoft");
  ctx.Last().attributes = ctx.attributes();
  ctx.Return(0, results[0]);
  ctx.Return(1, results[1]);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_DecoderMaskedSelfAttention) {
  return {.name = "DecoderMaskedSelfAttention",
          .domain = "com.microsoft",
          .min_inputs = 3,
          .max_inputs = 9,
          .max_outputs = 2,
          .lower = webinfer::ops::Lower};
}
