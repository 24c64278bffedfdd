#include "ops/contrib/attention_parts.h"

namespace webinfer::ops {

namespace {

// The size of axis `axis` of an input, an int64 scalar.
Result<ValueId> SizeOf(LowerContext& ctx, int input, int axis) {
  WEBINFER_ASSIGN(const ValueId index, ctx.Scalar(DType::kInt64, axis));
  return ctx.Add("Gather", {ctx.Add("Shape", {ctx.Input(input)}), index});
}

// [batch, keys]: whether a key is one of the first `lengths` [batch].
Result<ValueId> WithinLengths(LowerContext& ctx, ValueId lengths, const KeyTokens& tokens) {
  WEBINFER_ASSIGN(ValueId keys, SizeOf(ctx, tokens.input, tokens.axis));
  if (ctx.HasInput(tokens.past)) {
    WEBINFER_ASSIGN(const ValueId past, SizeOf(ctx, tokens.past, tokens.past_axis));
    keys = ctx.Add("Add", {keys, past});
  }
  WEBINFER_ASSIGN(const ValueId zero, ctx.Scalar(DType::kInt64, 0));
  WEBINFER_ASSIGN(const ValueId one, ctx.Scalar(DType::kInt64, 1));
  WEBINFER_ASSIGN(const ValueId last, ctx.Ints({1}));
  const ValueId wide = ctx.Add("Cast", {ctx.Add("Unsqueeze", {lengths, last})});
  ctx.Last().attributes.SetInt("to", static_cast<int64_t>(DType::kInt64));
  return ctx.Add("Less", {ctx.Add("Range", {zero, keys, one}), wide});
}

}  // namespace

Result<ValueId> CombineMasks(LowerContext& ctx, int key_mask, int bias, const KeyTokens& tokens) {
  if (!ctx.HasInput(key_mask)) return ctx.HasInput(bias) ? ctx.Input(bias) : kNoValue;
  const Shape &shape = ctx.In(key_mask).shape, &x = ctx.In(tokens.input).shape;
  const bool lengths = shape.rank() == 1 && (shape[0] < 0 || x.rank() < 1 || x[0] < 0 || shape[0] == x[0]);
  if (shape.rank() != 2 && !lengths) {
    return Error(Code::kUnsupported, "Attention with this form of key mask")
        .Expected("[batch, keys] or [batch]")
        .Actual("%s", ShapeText(shape).text);
  }
  ValueId counts = kNoValue;
  if (lengths) {
    WEBINFER_ASSIGN(counts, WithinLengths(ctx, ctx.Input(key_mask), tokens));
  } else {
    counts = ctx.Add("Cast", {ctx.Input(key_mask)});
    ctx.Last().attributes.SetInt("to", static_cast<int64_t>(DType::kBool));
  }
  WEBINFER_ASSIGN(const ValueId axes, ctx.Ints({1, 2}));
  const ValueId wide = ctx.Add("Unsqueeze", {counts, axes});
  WEBINFER_ASSIGN(const ValueId otherwise,
                  ctx.Scalar(ctx.In(0).dtype, static_cast<double>(ctx.attributes().Float("mask_filter_value", -10000))));
  if (ctx.HasInput(bias)) return ctx.Add("Where", {wide, ctx.Input(bias), otherwise});
  WEBINFER_ASSIGN(const ValueId zero, ctx.Scalar(ctx.In(0).dtype, 0));
  return ctx.Add("Where", {wide, zero, otherwise});
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
