#include "ops/contrib/padding.h"

namespace webinfer::ops {

Result<ValueId> TokenPlaces(LowerContext& ctx, ValueId tokens, ValueId offsets) {
  WEBINFER_ASSIGN(const ValueId flat, Reshaped(ctx, CastTo(ctx, offsets, DType::kInt64), {-1}));
  WEBINFER_ASSIGN(const ValueId first, ctx.Ints({0}));
  const ValueId places = ctx.Add("Slice", {flat, first, SizesOf(ctx, tokens, 0, 1)});
  return Reshaped(ctx, places, {-1, 1});
}

Result<ValueId> WithPadding(LowerContext& ctx, ValueId tokens, ValueId offsets) {
  WEBINFER_ASSIGN(const ValueId places, TokenPlaces(ctx, tokens, offsets));
  const ValueId shape = Joined(ctx, {SizesOf(ctx, offsets, 0, 2), SizesOf(ctx, tokens, 1, 2)}, 0);
  WEBINFER_ASSIGN(const ValueId zero, ctx.Scalar(ctx.In(0).dtype, 0));
  WEBINFER_ASSIGN(const ValueId rows, Reshaped(ctx, offsets, {-1}));
  const ValueId flat = Joined(ctx, {SizesOf(ctx, rows, 0, 1), SizesOf(ctx, tokens, 1, 2)}, 0);
  const ValueId padded = ctx.Add("ScatterND", {ctx.Add("Expand", {zero, flat}), places, tokens});
  return ctx.Add("Reshape", {padded, shape});
}

Result<ValueId> WithoutPadding(LowerContext& ctx, ValueId padded, ValueId offsets, ValueId like) {
  WEBINFER_ASSIGN(const ValueId places, TokenPlaces(ctx, like, offsets));
  WEBINFER_ASSIGN(const ValueId minus_one, ctx.Ints({-1}));
  const ValueId shape = Joined(ctx, {minus_one, SizesOf(ctx, padded, 2, 3)}, 0);
  return ctx.Add("GatherND", {ctx.Add("Reshape", {padded, shape}), places});
}

Result<ValueId> PackedAttention(LowerContext& ctx, const ValueId* sides, ValueId bias, ValueId offsets, ValueId cumulated,
                                ValueId attention_bias) {
  ValueId padded[3];
  for (int i = 0; i < 3; ++i) {
    WEBINFER_ASSIGN(padded[i], WithPadding(ctx, sides[i], offsets));
  }
  WEBINFER_ASSIGN(const ValueId ends, Sliced(ctx, cumulated, 0, 1, kToEnd));
  WEBINFER_ASSIGN(const ValueId starts, Sliced(ctx, cumulated, 0, 0, -1));
  const ValueId lengths = ctx.Add("Sub", {ends, starts});
  const ValueId y =
      ctx.Add("MultiHeadAttention", {padded[0], padded[1], padded[2], bias, lengths, attention_bias}, "com.microsoft");
  ctx.Last().attributes.SetInt("num_heads", ctx.attributes().Int("num_heads", 1));
  ctx.Last().attributes.SetFloat("scale", ctx.attributes().Float("scale", 0));
  return WithoutPadding(ctx, y, offsets, sides[0]);
}

}  // namespace webinfer::ops
