#include "ops/contrib/attention_parts.h"

namespace webinfer::ops {

namespace {

// The size of axis `axis` of an input, an int64 scalar.
Result<ValueId> SizeOf(LowerContext& ctx, int input, int axis) {
  WEBINFER_ASSIGN(const ValueId index, ctx.Scalar(DType::kInt64, axis));
  return ctx.Add("Gather", {ctx.Add("Shape", {ctx.Input(input)}), index});
}

ValueId AsInt64(LowerContext& ctx, ValueId value) {
  const ValueId wide = ctx.Add("Cast", {value});
  ctx.Last().attributes.SetInt("to", static_cast<int64_t>(DType::kInt64));
  return wide;
}

// The number of keys, those of the past included.
Result<ValueId> KeyCount(LowerContext& ctx, const KeyTokens& tokens) {
  WEBINFER_ASSIGN(ValueId keys, SizeOf(ctx, tokens.input, tokens.axis));
  if (!ctx.HasInput(tokens.past)) return keys;
  WEBINFER_ASSIGN(const ValueId past, SizeOf(ctx, tokens.past, tokens.past_axis));
  return ctx.Add("Add", {keys, past});
}

// [batch, keys]: whether a key is one of the first `ends` [batch], and none of the first `starts` if there are any.
Result<ValueId> WithinBounds(LowerContext& ctx, ValueId ends, ValueId starts, const KeyTokens& tokens) {
  WEBINFER_ASSIGN(const ValueId keys, KeyCount(ctx, tokens));
  WEBINFER_ASSIGN(const ValueId zero, ctx.Scalar(DType::kInt64, 0));
  WEBINFER_ASSIGN(const ValueId one, ctx.Scalar(DType::kInt64, 1));
  WEBINFER_ASSIGN(const ValueId last, ctx.Ints({1}));
  const ValueId positions = ctx.Add("Range", {zero, keys, one});
  const ValueId before_end = ctx.Add("Less", {positions, AsInt64(ctx, ctx.Add("Unsqueeze", {ends, last}))});
  if (starts == kNoValue) return before_end;
  const ValueId behind_start = ctx.Add("GreaterOrEqual", {positions, AsInt64(ctx, ctx.Add("Unsqueeze", {starts, last}))});
  return ctx.Add("And", {before_end, behind_start});
}

// A mask of one dimension: ends of the sequences; ends and starts; or ends followed by cumulated lengths, which say no more.
Result<ValueId> FromBounds(LowerContext& ctx, int key_mask, int64_t batch, const KeyTokens& tokens) {
  const int64_t size = ctx.In(key_mask).shape[0];
  ValueId ends = ctx.Input(key_mask), starts = kNoValue;
  if (size >= 0 && size == 2 * batch) {
    const std::vector<ValueId> halves = ctx.AddMany("Split", {ends}, 2);
    ctx.Last().attributes.SetInt("axis", 0);
    ctx.Last().attributes.SetInt("num_outputs", 2);
    ends = halves[0];
    starts = halves[1];
  } else if (size >= 0 && size == 3 * batch + 2) {
    WEBINFER_ASSIGN(const ValueId first, ctx.Ints({0}));
    WEBINFER_ASSIGN(const ValueId last, ctx.Ints({batch}));
    ends = ctx.Add("Slice", {ends, first, last});
  } else if (size >= 0 && batch >= 0 && size != batch) {
    return Error(Code::kShapeMismatch, "A mask of one dimension does not fit the batch")
        .Expected("%lld, twice that or three times that and 2", static_cast<long long>(batch))
        .Actual("%lld", static_cast<long long>(size));
  }
  return WithinBounds(ctx, ends, starts, tokens);
}

// The rows and columns of a mask [batch, 1, most tokens, most tokens] that belong to the queries and keys.
Result<ValueId> CutMask(LowerContext& ctx, int key_mask, const KeyTokens& tokens) {
  WEBINFER_ASSIGN(const ValueId keys, KeyCount(ctx, tokens));
  WEBINFER_ASSIGN(const ValueId queries, SizeOf(ctx, 0, 1));
  WEBINFER_ASSIGN(const ValueId zero, ctx.Ints({0}));
  WEBINFER_ASSIGN(const ValueId axes, ctx.Ints({2, 3}));
  const ValueId first = ctx.Add("Unsqueeze", {ctx.Add("Sub", {keys, queries}), zero}), last = ctx.Add("Unsqueeze", {keys, zero});
  const ValueId starts = ctx.Add("Concat", {first, zero});
  ctx.Last().attributes.SetInt("axis", 0);
  const ValueId ends = ctx.Add("Concat", {last, last});
  ctx.Last().attributes.SetInt("axis", 0);
  return ctx.Add("Slice", {ctx.Input(key_mask), starts, ends, axes});
}

// Whether a query may see a key, to broadcast to [batch, heads, queries, keys].
Result<ValueId> Admitted(LowerContext& ctx, int key_mask, const KeyTokens& tokens) {
  const Shape &mask = ctx.In(key_mask).shape, &x = ctx.In(tokens.input).shape;
  if (mask.rank() == 1) {
    WEBINFER_ASSIGN(const ValueId within, FromBounds(ctx, key_mask, x.rank() > 0 ? x[0] : kUnknownDim, tokens));
    WEBINFER_ASSIGN(const ValueId axes, ctx.Ints({1, 2}));
    return ctx.Add("Unsqueeze", {within, axes});
  }
  if (mask.rank() < 2 || mask.rank() > 4) {
    return Error(Code::kUnsupported, "Attention with this form of key mask")
        .Expected("rank 1 to 4")
        .Actual("%s", ShapeText(mask).text);
  }
  ValueId counts = ctx.Input(key_mask);
  if (mask.rank() == 4) {
    WEBINFER_ASSIGN(counts, CutMask(ctx, key_mask, tokens));
  }
  counts = ctx.Add("Cast", {counts});
  ctx.Last().attributes.SetInt("to", static_cast<int64_t>(DType::kBool));
  if (mask.rank() == 4) return counts;
  WEBINFER_ASSIGN(const ValueId axes, mask.rank() == 2 ? ctx.Ints({1, 2}) : ctx.Ints({1}));
  return ctx.Add("Unsqueeze", {counts, axes});
}

}  // namespace

Result<ValueId> CombineMasks(LowerContext& ctx, int key_mask, int bias, const KeyTokens& tokens) {
  if (!ctx.HasInput(key_mask)) return ctx.HasInput(bias) ? ctx.Input(bias) : kNoValue;
  WEBINFER_ASSIGN(const ValueId admitted, Admitted(ctx, key_mask, tokens));
  WEBINFER_ASSIGN(const ValueId otherwise,
                  ctx.Scalar(ctx.In(0).dtype, static_cast<double>(ctx.attributes().Float("mask_filter_value", -10000))));
  if (ctx.HasInput(bias)) return ctx.Add("Where", {admitted, ctx.Input(bias), otherwise});
  WEBINFER_ASSIGN(const ValueId zero, ctx.Scalar(ctx.In(0).dtype, 0));
  return ctx.Add("Where", {admitted, zero, otherwise});
}

void SetAttention(LowerContext& ctx, int64_t query_heads, int64_t key_heads, bool causal) {
  Attributes& attributes = ctx.Last().attributes;
  attributes.SetInt("q_num_heads", query_heads);
  attributes.SetInt("kv_num_heads", key_heads);
  attributes.SetInt("is_causal", causal);
  const float scale = ctx.attributes().Float("scale", 0);
  if (scale != 0) attributes.SetFloat("scale", scale);
}

}  // namespace webinfer::ops
