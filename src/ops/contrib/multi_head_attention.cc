// com.microsoft.MultiHeadAttention: ONNX's Attention behind the biases of the projections, with a mask of keys that count.
// K and V may come as [batch, heads, tokens, size] (cross attention), or packed: [batch, tokens, heads, 3, size] for all three,
// [batch, tokens, heads, 2, size] for keys and values, [batch, tokens, 3 hidden].
#include <algorithm>

#include "ops/contrib/attention_parts.h"

namespace webinfer::ops {
namespace {

constexpr int64_t kWithMask = 2;  // of Attention's qk_matmul_output_mode

enum Input { kQuery, kKey, kValue, kBias, kKeyMask, kAttentionBias, kPastKey, kPastValue };

// Packed inputs: sizes are those of keys that came alone.
Status InferPacked(InferContext& ctx, int64_t heads) {
  const Shape& q = ctx.In(kQuery).shape;
  const Shape packed = ctx.HasInput(kKey) ? ctx.In(kKey).shape : q;
  const DType dtype = ctx.In(kQuery).dtype;
  Shape y = Shape::Unknown(3), present = Shape::Unknown(4);
  int64_t size = kUnknownDim;
  if (packed.rank() == 5) size = packed[4];
  if (packed.rank() == 3 && packed[2] >= 0 && heads > 0) size = packed[2] / (3 * heads);
  if (q.rank() >= 2) y = {q[0], q[1], size < 0 ? kUnknownDim : heads * size};
  if (packed.rank() >= 2) {
    const int64_t past = !ctx.HasInput(kPastKey)              ? 0
                         : ctx.In(kPastKey).shape.rank() == 4 ? ctx.In(kPastKey).shape[2]
                                                              : kUnknownDim;
    present = {packed[0], heads, past < 0 || packed[1] < 0 ? kUnknownDim : past + packed[1], size};
  }
  WEBINFER_TRY(ctx.SetOutput(0, dtype, y));
  WEBINFER_TRY(ctx.SetOutput(1, dtype, present));
  WEBINFER_TRY(ctx.SetOutput(2, dtype, present));
  return ctx.SetOutput(3, dtype, Shape::Unknown(4));
}

Status InferMultiHeadAttention(InferContext& ctx) {
  const Shape &q = ctx.In(kQuery).shape, &k = ctx.In(kKey).shape, &v = ctx.In(kValue).shape;
  const int64_t heads = ctx.attributes().Int("num_heads", 1);
  Shape y = Shape::Unknown(3), present_key = Shape::Unknown(4), present_value = Shape::Unknown(4);
  if (!ctx.HasInput(kValue)) return InferPacked(ctx, heads);
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
  WEBINFER_TRY(ctx.SetOutput(2, ctx.In(kQuery).dtype, present_value));
  return ctx.SetOutput(3, ctx.In(kQuery).dtype, {y[0], heads, y[1], present_key[2]});
}

// `count` values that lie behind each other along the axis before the last of `packed`, or along the last of three.
Result<std::vector<ValueId>> Unpack(LowerContext& ctx, int packed, int count) {
  const int rank = ctx.In(packed).shape.rank();
  if (rank != 5 && rank != 3) {
    return Error(Code::kShapeMismatch, "MultiHeadAttention's packed input does not fit")
        .Expected("[batch, tokens, heads, %d, size]", count)
        .Actual("%s", ShapeText(ctx.In(packed).shape).text);
  }
  std::vector<ValueId> parts = ctx.AddMany("Split", {ctx.Input(packed)}, count);
  ctx.Last().attributes.SetInt("axis", rank == 5 ? 3 : 2);
  ctx.Last().attributes.SetInt("num_outputs", count);
  if (rank == 3) return parts;
  WEBINFER_ASSIGN(const ValueId shape, ctx.Ints({0, 0, -1}));
  for (ValueId& part : parts) part = ctx.Add("Reshape", {part, shape});
  return parts;
}

// The same node with queries, keys and values apart.
Status LowerPacked(LowerContext& ctx) {
  std::vector<ValueId> inputs(static_cast<size_t>(std::max(ctx.input_count(), 3)), kNoValue);
  for (int i = 0; i < ctx.input_count(); ++i) inputs[static_cast<size_t>(i)] = ctx.HasInput(i) ? ctx.Input(i) : kNoValue;
  const bool all = !ctx.HasInput(kKey);
  WEBINFER_ASSIGN(const std::vector<ValueId> parts, Unpack(ctx, all ? kQuery : kKey, all ? 3 : 2));
  std::copy(parts.begin(), parts.end(), inputs.begin() + (all ? kQuery : kKey));
  const std::vector<ValueId> results = ctx.AddMany("MultiHeadAttention", std::move(inputs), ctx.output_count(), "com.microsoft");
  ctx.Last().attributes = ctx.attributes();
  for (int i = 0; i < ctx.output_count(); ++i) {
    if (ctx.HasOutput(i)) ctx.Return(i, results[static_cast<size_t>(i)]);
  }
  return OkStatus();
}

Status LowerMultiHeadAttention(LowerContext& ctx, bool*) {
  if (!ctx.HasInput(kValue)) return LowerPacked(ctx);
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
  ctx.Last().attributes.SetInt("qk_matmul_output_mode", kWithMask);
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
          .max_outputs = 4,
          .infer = InferMultiHeadAttention,
          .lower = LowerMultiHeadAttention};
}
