// com.microsoft.GroupQueryAttention: rotary embedding and ONNX's causal Attention with a cache of past keys and values.
//
// Every past token counts: sequences of one batch that are of different lengths must be padded on the right in a first run.
// seqlens_k (the last key's index, per batch) hides the padding.
#include <algorithm>

#include "ops/contrib/attention_parts.h"

namespace webinfer::ops {
namespace {

enum Input { kQuery, kKey, kValue, kPastKey, kPastValue, kLastKeys, kTotal, kCos, kSin, kPositions, kBias, kSink };

int64_t KeyHeads(const InferContext& ctx) { return ctx.attributes().Int("kv_num_heads", 1); }

Status InferGroupQueryAttention(InferContext& ctx) {
  const Shape& q = ctx.In(kQuery).shape;
  const DType dtype = ctx.In(kQuery).dtype;
  const int64_t heads = ctx.attributes().Int("num_heads", 1), kv_heads = KeyHeads(ctx);
  Shape y = Shape::Unknown(3), present = Shape::Unknown(4);
  if (q.rank() == 3) {
    const bool packed = !ctx.HasInput(kKey);
    const int64_t size = q[2] < 0 ? kUnknownDim : q[2] / (packed ? heads + 2 * kv_heads : heads);
    y = {q[0], q[1], size < 0 ? kUnknownDim : heads * size};
    const int64_t past = !ctx.HasInput(kPastKey)              ? 0
                         : ctx.In(kPastKey).shape.rank() == 4 ? ctx.In(kPastKey).shape[2]
                                                              : kUnknownDim;
    present = {q[0], kv_heads, past < 0 || q[1] < 0 ? kUnknownDim : past + q[1], size};
  }
  WEBINFER_TRY(ctx.SetOutput(0, dtype, y));
  WEBINFER_TRY(ctx.SetOutput(1, dtype, present));
  return ctx.SetOutput(2, dtype, present);
}

Status CheckSupported(const LowerContext& ctx) {
  const bool sink = ctx.HasInput(kSink) || ctx.attributes().Int("smooth_softmax", 0) > 0;
  const bool quantised = ctx.attributes().String("k_quant_type", "NONE") != "NONE";
  if (!sink && !quantised) return OkStatus();
  return Error(Code::kUnsupported, "GroupQueryAttention with %s",
               sink ? "a softmax that may attend to nothing" : "a quantised cache");
}

// Query, key and value, split if they come as one.
Status SplitSides(LowerContext& ctx, ValueId* sides) {
  for (int i = 0; i < 3; ++i) sides[i] = ctx.Input(i);
  if (ctx.HasInput(kKey)) return OkStatus();
  const Shape& q = ctx.In(kQuery).shape;
  const int64_t heads = ctx.attributes().Int("num_heads", 1), kv_heads = KeyHeads(ctx);
  if (q.rank() != 3 || q[2] < 0) return Error(Code::kUnsupported, "Packed GroupQueryAttention of unknown size");
  const int64_t size = q[2] / (heads + 2 * kv_heads);
  WEBINFER_ASSIGN(const ValueId sizes, ctx.Ints({heads * size, kv_heads * size, kv_heads * size}));
  const std::vector<ValueId> parts = ctx.AddMany("Split", {ctx.Input(kQuery), sizes}, 3);
  ctx.Last().attributes.SetInt("axis", 2);
  std::copy(parts.begin(), parts.end(), sides);
  return OkStatus();
}

// The number of past tokens as a tensor of one element: where the new tokens' positions begin.
Result<ValueId> PastTokens(LowerContext& ctx) {
  if (!ctx.HasInput(kPastKey)) return ctx.Ints({0});
  const ValueId tokens = ctx.Add("Shape", {ctx.Input(kPastKey)});
  ctx.Last().attributes.SetInt("start", 2);
  ctx.Last().attributes.SetInt("end", 3);
  return tokens;
}

Status LowerGroupQueryAttention(LowerContext& ctx, bool*) {
  WEBINFER_TRY(CheckSupported(ctx));
  ValueId sides[3];
  WEBINFER_TRY(SplitSides(ctx, sides));
  const int64_t heads[2] = {ctx.attributes().Int("num_heads", 1), KeyHeads(ctx)};
  if (ctx.attributes().Int("do_rotary", 0) != 0) {
    ValueId positions = ctx.Input(kPositions);
    if (!ctx.HasInput(kPositions)) {
      WEBINFER_ASSIGN(positions, PastTokens(ctx));
    }
    for (int i = 0; i < 2; ++i) {
      sides[i] = ctx.Add("RotaryEmbedding", {sides[i], positions, ctx.Input(kCos), ctx.Input(kSin)}, "com.microsoft");
      ctx.Last().attributes.SetInt("num_heads", heads[i]);
      ctx.Last().attributes.SetInt("interleaved", ctx.attributes().Int("rotary_interleaved", 0));
    }
  }
  const ValueId last = ctx.Add("Cast", {ctx.Input(kLastKeys)});
  ctx.Last().attributes.SetInt("to", static_cast<int64_t>(DType::kInt64));
  WEBINFER_ASSIGN(const ValueId one, ctx.Scalar(DType::kInt64, 1));
  WEBINFER_ASSIGN(const ValueId flat, ctx.Ints({-1}));
  const ValueId counts = ctx.Add("Reshape", {ctx.Add("Add", {last, one}), flat});
  const ValueId past_key = ctx.HasInput(kPastKey) ? ctx.Input(kPastKey) : kNoValue;
  const ValueId past_value = ctx.HasInput(kPastValue) ? ctx.Input(kPastValue) : kNoValue;
  const ValueId bias = ctx.HasInput(kBias) ? ctx.Input(kBias) : kNoValue;
  const std::vector<ValueId> results =
      ctx.AddMany("Attention", {sides[0], sides[1], sides[2], bias, past_key, past_value, counts}, ctx.output_count());
  SetAttention(ctx, heads[0], heads[1], true);
  Attributes& attributes = ctx.Last().attributes;
  attributes.SetInt("local_window_size", ctx.attributes().Int("local_window_size", -1));
  attributes.SetFloat("softcap", ctx.attributes().Float("softcap", 0));
  for (int i = 0; i < ctx.output_count(); ++i) {
    if (ctx.HasOutput(i)) ctx.Return(i, results[static_cast<size_t>(i)]);
  }
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_GroupQueryAttention) {
  using namespace webinfer::ops;
  return {.name = "GroupQueryAttention",
          .domain = "com.microsoft",
          .max_inputs = 14,
          .max_outputs = 4,
          .infer = InferGroupQueryAttention,
          .lower = LowerGroupQueryAttention};
}
