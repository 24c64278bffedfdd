// com.microsoft.Attention: the projection of the input to queries, keys and values, then ONNX's Attention. `past` and
// `present` hold keys and values in one tensor [2, batch, heads, tokens, size].
#include "ops/contrib/attention_parts.h"

namespace webinfer::ops {
namespace {

enum Input { kInput, kWeights, kBias, kMask, kPast, kAttentionBias };

// Sizes of queries, keys and values.
Status ReadSizes(const InferContext& ctx, int64_t* sizes) {
  const std::span<const int64_t> given = ctx.attributes().Ints("qkv_hidden_sizes");
  const Shape& weights = ctx.In(kWeights).shape;
  if (given.empty() && (weights.rank() != 2 || weights[1] < 0))
    return Error(Code::kUnsupported, "Attention with weights of unknown shape");
  if (!given.empty() && given.size() != 3) return Error(Code::kInvalidModel, "Attention's qkv_hidden_sizes must be three");
  for (size_t i = 0; i < 3; ++i) sizes[i] = given.empty() ? weights[1] / 3 : given[i];
  return OkStatus();
}

Status InferAttentionWithProjection(InferContext& ctx) {
  int64_t sizes[3];
  WEBINFER_TRY(ReadSizes(ctx, sizes));
  const Shape& x = ctx.In(kInput).shape;
  const int64_t heads = ctx.attributes().Int("num_heads", 1);
  Shape y = Shape::Unknown(3), present = Shape::Unknown(5);
  present[0] = 2;
  if (x.rank() == 3) {
    y = {x[0], x[1], sizes[2]};
    const int64_t past = !ctx.HasInput(kPast) ? 0 : ctx.In(kPast).shape.rank() == 5 ? ctx.In(kPast).shape[3] : kUnknownDim;
    present = {2, x[0], heads, past < 0 || x[1] < 0 ? kUnknownDim : past + x[1], sizes[2] / heads};
  }
  WEBINFER_TRY(ctx.SetOutput(0, ctx.In(kInput).dtype, y));
  return ctx.SetOutput(1, ctx.In(kInput).dtype, present);
}

Status LowerAttentionWithProjection(LowerContext& ctx, bool*) {
  int64_t sizes[3];
  WEBINFER_TRY(ReadSizes(ctx, sizes));
  WEBINFER_ASSIGN(const ValueId split, ctx.Ints({sizes[0], sizes[1], sizes[2]}));
  ValueId projected = ctx.Add("MatMul", {ctx.Input(kInput), ctx.Input(kWeights)});
  if (ctx.HasInput(kBias)) projected = ctx.Add("Add", {projected, ctx.Input(kBias)});
  const std::vector<ValueId> sides = ctx.AddMany("Split", {projected, split}, 3);
  ctx.Last().attributes.SetInt("axis", 2);
  WEBINFER_ASSIGN(const ValueId mask, CombineMasks(ctx, kMask, kAttentionBias, {kInput, 1, kPast, 3}));
  std::vector<ValueId> inputs = {sides[0], sides[1], sides[2], mask};
  WEBINFER_ASSIGN(const ValueId first, ctx.Scalar(DType::kInt64, 0));
  WEBINFER_ASSIGN(const ValueId second, ctx.Scalar(DType::kInt64, 1));
  WEBINFER_ASSIGN(const ValueId front, ctx.Ints({0}));
  if (ctx.HasInput(kPast)) {
    inputs.push_back(ctx.Add("Gather", {ctx.Input(kPast), first}));
    inputs.push_back(ctx.Add("Gather", {ctx.Input(kPast), second}));
  }
  const std::vector<ValueId> results = ctx.AddMany("Attention", std::move(inputs), ctx.HasOutput(1) ? 3 : 1);
  const int64_t heads = ctx.attributes().Int("num_heads", 1);
  SetAttention(ctx, heads, heads, ctx.attributes().Int("unidirectional", 0) != 0);
  ctx.Return(0, results[0]);
  if (ctx.HasOutput(1)) {
    const ValueId keys = ctx.Add("Unsqueeze", {results[1], front}), values = ctx.Add("Unsqueeze", {results[2], front});
    const ValueId present = ctx.Add("Concat", {keys, values});
    ctx.Last().attributes.SetInt("axis", 0);
    ctx.Return(1, present);
  }
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_Attention) {
  using namespace webinfer::ops;
  return {.name = "Attention",
          .domain = "com.microsoft",
          .min_inputs = 2,
          .max_inputs = 7,
          .max_outputs = 2,
          .infer = InferAttentionWithProjection,
          .lower = LowerAttentionWithProjection};
}
