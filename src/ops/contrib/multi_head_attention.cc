// com.microsoft.MultiHeadAttention: ONNX's Attention behind the biases of the projections, with a mask of keys that count.
// K and V may come as [batch, heads, tokens, size] (cross attention). Packed query-key-value inputs are not supported.
#include "ops/contrib/attention_parts.h"

namespace webinfer::ops {
namespace {

enum Input { kQuery, kKey, kValue, kBias, kKeyMask, kAttentionBias, kPastKey, kPastValue };

Status InferMultiHeadAttention(InferContext& ctx) {
  const Shape &q = ctx.In(kQuery).shape, &k = ctx.In(kKey).shape, &v = ctx.In(kValue).shape;
  const int64_t heads = ctx.attributes().Int("num_heads", 1);
  Shape y = Shape::Unknown(3), present_key = Shape::Unknown(4), present_value = Shape::Unknown(4);
  if (q.rank() == 3) y = {q[0], q[1], v.rank() == 3 ? v[2] : v.rank() == 4 && v[3] >= 0 ? v[1] * v[3] : kUnknownDim};
  const auto present = [&](const Shape& x, Shape* out) {
    if (x.rank() != 3) {
      *out = x.rank() == 4 ? x : *out;
      return;
    }
    const int64_t past = !ctx.HasInput(kPastKey)              ? 0
                         : ctx.In(kPastKey).shape.rank() == 4 ? ctx.In(kPastKey).shape[2]
                                                              : kUnknownDim;
    *out = {x[0], heads, past < 0 || x[1] < 0 ? kUnknownDim : past + x[1], x[2] < 0 ? kUnknownDim : x[2] / heads};
  };
  present(k, &present_key);
  present(v, &present_value);
  WEBINFER_TRY(ctx.SetOutput(0, ctx.In(kQuery).dtype, y));
  WEBINFER_TRY(ctx.SetOutput(1, ctx.In(kQuery).dtype, present_key));
  return ctx.SetOutput(2, ctx.In(kQuery).dtype, present_value);
}

Status LowerMultiHeadAttention(LowerContext& ctx, bool*) {
  if (!ctx.HasInput(kKey) || !ctx.HasInput(kValue)) {
    return Error(Code::kUnsupported, "MultiHeadAttention with packed inputs").Expected("query, key and value apart");
  }
  ValueId sides[3] = {ctx.Input(kQuery), ctx.Input(kKey), ctx.Input(kValue)};
  if (ctx.HasInput(kBias)) {
    const Shape &q = ctx.In(kQuery).shape, &v = ctx.In(kValue).shape, &bias = ctx.In(kBias).shape;
    if (q.rank() != 3 || q[2] < 0 || bias.rank() != 1 || bias[0] < 0) {
      return Error(Code::kUnsupported, "MultiHeadAttention's bias needs known sizes").Actual("query %s", ShapeText(q).text);
    }
    const int64_t values = v.rank() == 3 ? v[2] : bias[0] - 2 * q[2];
    WEBINFER_ASSIGN(const ValueId sizes, ctx.Ints({q[2], q[2], values}));
    const std::vector<ValueId> parts = ctx.AddMany("Split", {ctx.Input(kBias), sizes}, 3);
    ctx.Last().attributes.SetInt("axis", 0);
    for (int i = 0; i < 3; ++i) {
      if (ctx.In(i).shape.rank() == 3) sides[i] = ctx.Add("Add", {sides[i], parts[static_cast<size_t>(i)]});
    }
  }
  WEBINFER_ASSIGN(const ValueId mask,
                  CombineMasks(ctx, kKeyMask, kAttentionBias, {kKey, ctx.In(kKey).shape.rank() == 4 ? 2 : 1, kPastKey, 2}));
  std::vector<ValueId> inputs = {sides[0], sides[1], sides[2], mask};
  if (ctx.HasInput(kPastKey)) {
    inputs.push_back(ctx.Input(kPastKey));
    inputs.push_back(ctx.Input(kPastValue));
  }
  const std::vector<ValueId> results = ctx.AddMany("Attention", std::move(inputs), ctx.output_count());
  const int64_t heads = ctx.attributes().Int("num_heads", 1);
  SetAttention(ctx, heads, heads, ctx.attributes().Int("unidirectional", 0) != 0);
  for (int i = 0; i < ctx.output_count(); ++i) {
    if (ctx.HasOutput(i)) ctx.Return(i, results[static_cast<size_t>(i)]);
  }
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_MultiHeadAttention) {
  using namespace webinfer::ops;
  return {.name = "MultiHeadAttention",
          .domain = "com.microsoft",
          .max_inputs = 8,
          .max_outputs = 3,
          .infer = InferMultiHeadAttention,
          .lower = LowerMultiHeadAttention};
}
