// DecoderMaskedMultiHeadAttention: MultiHeadAttention of one new token, over a cache that grows or (keys of rank 4) another
// sequence.
#include "ops/contrib/compose.h"

namespace webinfer::ops {
namespace {

enum Input { kQuery, kKey, kValue, kMask, kAttentionBias, kPastKey, kPastValue, kPastLength, kBeams, kIndirection, kBias };

Status Lower(LowerContext& ctx, bool*) {
  if (ctx.attributes().Int("past_present_share_buffer", 0) != 0 || ctx.HasInput(kIndirection) || ctx.HasOutput(3)) {
    return Error(Code::kUnsupported, "DecoderMaskedMultiHeadAttention of this kind")
        .Expected("no past_present_share_buffer, cache_indirection or output of scores");
  }
  const auto input = [&](int i) { return ctx.HasInput(i) ? ctx.Input(i) : kNoValue; };
  const std::vector<ValueId> results = ctx.AddMany("MultiHeadAttention",
                                                   {input(kQuery), input(kKey), input(kValue), input(kBias), input(kMask),
                                                    input(kAttentionBias), input(kPastKey), input(kPastValue)},
                                                   ctx.HasOutput(1) || ctx.HasOutput(2) ? 3 : 1, "com.microsoft");
  ctx.Last().attributes = ctx.attributes();
  for (size_t i = 0; i < results.size(); ++i) ctx.Return(static_cast<int>(i), results[i]);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_DecoderMaskedMultiHeadAttention) {
  return {.name = "DecoderMaskedMultiHeadAttention",
          .domain = "com.microsoft",
          .max_inputs = 11,
          .max_outputs = 4,
          .lower = webinfer::ops::Lower};
}
