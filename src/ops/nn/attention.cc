// Attention (ONNX 24): scaled dot products with masks, grouped heads and a cache of past keys and values, in one fused kernel.
//
// Q, K, V are [batch, heads, tokens, size] or [batch, tokens, heads * size]; the mask broadcasts to [batch, heads, queries,
// keys] and adds or (bool) admits. The passes aim at this operator when they find MatMul + Softmax + MatMul.
#include "kernels/attention.h"

#include <algorithm>
#include <climits>
#include <cmath>
#include <cstring>

#include "ops/float32.h"
#include "ops/nn/heads.h"

namespace webinfer::ops {
namespace {

enum Input { kQ, kK, kV, kMask, kPastKey, kPastValue, kKeyCounts };
enum Output { kY, kPresentKey, kPresentValue, kScores };

Result<Heads> ReadHeads(const InferContext& ctx, int input, std::string_view count_attribute) {
  const Shape& shape = ctx.In(input).shape;
  if (!shape.rank_known()) return Heads();
  if (shape.rank() == 4) return Heads{shape[0], shape[1], shape[2], shape[3]};
  const int64_t heads = ctx.attributes().Int(count_attribute, 0);
  if (shape.rank() != 3 || heads < 1 || (shape[2] >= 0 && shape[2] % heads != 0)) {
    return Error(Code::kShapeMismatch, "Attention cannot split input %d into heads", input)
        .Expected("rank 4, or rank 3 with a size divisible by %.*s", static_cast<int>(count_attribute.size()),
                  count_attribute.data())
        .Actual("%s, %lld heads", ShapeText(shape).text, static_cast<long long>(heads));
  }
  return Heads{shape[0], heads, shape[1], shape[2] < 0 ? kUnknownDim : shape[2] / heads};
}

struct Sides {
  Heads q, k, v;
  int64_t past = 0;
};

Result<Sides> ReadSides(const InferContext& ctx) {
  Sides sides;
  WEBINFER_ASSIGN(sides.q, ReadHeads(ctx, kQ, "q_num_heads"));
  WEBINFER_ASSIGN(sides.k, ReadHeads(ctx, kK, "kv_num_heads"));
  WEBINFER_ASSIGN(sides.v, ReadHeads(ctx, kV, "kv_num_heads"));
  if (ctx.HasInput(kPastKey)) sides.past = ctx.In(kPastKey).shape.rank() == 4 ? ctx.In(kPastKey).shape[2] : kUnknownDim;
  return sides;
}

Status InferAttention(InferContext& ctx) {
  const DType dtype = ctx.In(kQ).dtype;
  WEBINFER_ASSIGN(const Sides sides, ReadSides(ctx));
  const auto& [q, k, v, past] = sides;
  const int rank = ctx.In(kQ).shape.rank();
  const int64_t total = past < 0 || k.tokens < 0 ? kUnknownDim : past == 0 ? k.tokens : past + k.tokens;
  Shape y = Shape::UnknownRank();
  if (rank == 4) y = {q.batch, q.heads, q.tokens, v.size};
  if (rank == 3) y = {q.batch, q.tokens, v.size < 0 ? kUnknownDim : q.heads * v.size};
  WEBINFER_TRY(ctx.SetOutput(kY, dtype, y));
  WEBINFER_TRY(ctx.SetOutput(kPresentKey, ctx.In(kK).dtype, {k.batch, k.heads, total, k.size}));
  WEBINFER_TRY(ctx.SetOutput(kPresentValue, ctx.In(kV).dtype, {v.batch, v.heads, total, v.size}));
  return ctx.SetOutput(kScores, dtype, {q.batch, q.heads, q.tokens, total});
}

struct AttentionStep {
  kernels::Attention attention;  // its pointers are set by each run
  Heads k, v;                    // as they come in, before the past
  kernels::HeadStrides k_in, v_in;
  int64_t past;
  bool gathers;  // K and V go through the present outputs, or through scratch
  uint64_t key_floats, value_floats;
  uint64_t offset_floats;  // room for a causal offset per batch, in front of the other scratch
};

// Past and new tokens as one [batch, heads, tokens, size].
void Gather(const Heads& h, const kernels::HeadStrides& in, int64_t past, const float* old, const float* fresh, float* to) {
  for (int64_t batch = 0; batch < h.batch; ++batch) {
    for (int64_t head = 0; head < h.heads; ++head) {
      const auto past_floats = static_cast<size_t>(past * h.size), row_floats = static_cast<size_t>(h.size);
      if (past > 0) std::memcpy(to, old + (batch * h.heads + head) * past * h.size, past_floats * sizeof(float));
      to += past_floats;
      for (int64_t token = 0; token < h.tokens; ++token, to += row_floats) {
        std::memcpy(to, fresh + batch * in.batch + head * in.head + token * in.row, row_floats * sizeof(float));
      }
    }
  }
}

Status RunAttentionStep(const Step& step, RunContext& run) {
  const auto& p = step.Params<AttentionStep>();
  kernels::Attention a = p.attention;
  auto* scratch = reinterpret_cast<float*>(step.scratch) + p.offset_floats;
  a.q = step.in[kQ].As<float>();
  a.k = step.in[kK].As<float>();
  a.v = step.in[kV].As<float>();
  a.y = step.out[kY].As<float>();
  if (p.gathers) {
    const auto place = [&](int output, uint64_t floats) {
      if (step.HasOutput(output)) return step.out[output].As<float>();
      float* const here = scratch;
      scratch += floats;
      return here;
    };
    float *const keys = place(kPresentKey, p.key_floats), *const values = place(kPresentValue, p.value_floats);
    Gather(p.k, p.k_in, p.past, p.past > 0 ? step.in[kPastKey].As<float>() : nullptr, a.k, keys);
    Gather(p.v, p.v_in, p.past, p.past > 0 ? step.in[kPastValue].As<float>() : nullptr, a.v, values);
    a.k = keys;
    a.v = values;
  }
  if (step.HasInput(kMask)) SetMask(step.in[kMask], &a);
  if (step.HasInput(kKeyCounts)) a.key_counts = step.in[kKeyCounts].As<int64_t>();
  if (p.offset_floats > 0) {
    // The queries are the last of the keys that count.
    auto* const offsets = reinterpret_cast<int64_t*>(step.scratch);
    for (int b = 0; b < a.batch; ++b) offsets[b] = a.key_counts[b] - a.queries;
    a.causal_offsets = offsets;
  }
  if (step.HasOutput(kScores)) a.scores = step.out[kScores].As<float>();
  kernels::RunAttention(a, scratch, run.pool());
  return OkStatus();
}

Status BindAttention(BindContext& ctx) {
  if (ctx.In(kQ).dtype != DType::kFloat32) {
    return Error(Code::kUnsupported, "Attention of this type").Expected("float32").Actual("%s", DTypeName(ctx.In(kQ).dtype));
  }
  WEBINFER_ASSIGN(AttentionStep * p, ctx.Params<AttentionStep>());
  WEBINFER_ASSIGN(const Sides sides, ReadSides(ctx));
  const auto& [q, k, v, past] = sides;
  const auto is = [&](int input, DType dtype, const Shape& shape) {
    return !ctx.HasInput(input) || (ctx.In(input).dtype == dtype && ctx.In(input).shape == shape);
  };
  const bool fits = is(kK, DType::kFloat32, ctx.In(kK).shape) && is(kV, DType::kFloat32, ctx.In(kV).shape) &&
                    is(kPastKey, DType::kFloat32, {k.batch, k.heads, past, k.size}) &&
                    is(kPastValue, DType::kFloat32, {v.batch, v.heads, past, v.size}) &&
                    is(kKeyCounts, DType::kInt64, {q.batch}) && q.batch == k.batch && k.batch == v.batch && k.heads == v.heads &&
                    k.tokens == v.tokens && q.size == k.size && k.heads > 0 && q.heads % k.heads == 0 && q.tokens <= INT_MAX &&
                    past + k.tokens <= INT_MAX && ctx.HasInput(kPastKey) == ctx.HasInput(kPastValue);
  if (!fits) {
    return Error(Code::kShapeMismatch, "Attention's inputs do not fit together")
        .Expected("Q %s with K and V of the same batch and a divisor of its heads", ShapeText(ctx.In(kQ).shape).text)
        .Actual("K %s, V %s", ShapeText(ctx.In(kK).shape).text, ShapeText(ctx.In(kV).shape).text);
  }
  p->k = k;
  p->v = v;
  p->past = past;
  p->k_in = StridesOf(k, ctx.In(kK).shape.rank() == 3);
  p->v_in = StridesOf(v, ctx.In(kV).shape.rank() == 3);
  p->gathers = past > 0 || ctx.HasOutput(kPresentKey) || ctx.HasOutput(kPresentValue);

  kernels::Attention& a = p->attention;
  a.batch = static_cast<int>(q.batch);
  a.heads = static_cast<int>(q.heads);
  a.kv_heads = static_cast<int>(k.heads);
  a.queries = static_cast<int>(q.tokens);
  a.keys = static_cast<int>(past + k.tokens);
  a.depth = static_cast<int>(q.size);
  a.value_depth = static_cast<int>(v.size);
  a.scale = ctx.attributes().Float("scale", 1 / std::sqrt(static_cast<float>(std::max<int64_t>(q.size, 1))));
  a.softcap = ctx.attributes().Float("softcap", 0);
  a.causal = ctx.attributes().Int("is_causal", 0) != 0;
  a.causal_offset = past;
  a.scores_after = static_cast<int>(ctx.attributes().Int("qk_matmul_output_mode", 0));
  a.q_strides = StridesOf(q, ctx.In(kQ).shape.rank() == 3);
  a.y_strides = StridesOf({q.batch, q.heads, q.tokens, v.size}, ctx.In(kQ).shape.rank() == 3);
  a.k_strides = p->gathers ? StridesOf({k.batch, k.heads, a.keys, k.size}, false) : p->k_in;
  a.v_strides = p->gathers ? StridesOf({v.batch, v.heads, a.keys, v.size}, false) : p->v_in;
  WEBINFER_TRY(BindMask(ctx, kMask, &a));

  if (a.causal && ctx.HasInput(kKeyCounts) && !ctx.HasInput(kPastKey))
    p->offset_floats = static_cast<uint64_t>(2 * q.batch + 15) / 16 * 16;
  uint64_t scratch = p->offset_floats + kernels::AttentionScratchFloats(a, ctx.threads());
  const auto room = [&](int output, const Heads& h) {
    const uint64_t floats = (static_cast<uint64_t>(h.batch * h.heads * a.keys * h.size) + 15) / 16 * 16;
    if (p->gathers && !ctx.HasOutput(output)) scratch += floats;
    return floats;
  };
  p->key_floats = room(kPresentKey, k);
  p->value_floats = room(kPresentValue, v);
  ctx.SetKernel(RunAttentionStep);
  ctx.SetScratch(scratch * sizeof(float));
  return OkStatus();
}

Status LowerAttention(LowerContext& ctx, bool* done) {
  constexpr uint64_t kFloats = 1 << kQ | 1 << kK | 1 << kV | 1 << kMask | 1 << kPastKey | 1 << kPastValue;
  WEBINFER_TRY(LowerToFloat32(ctx, done));
  const bool integer_mask = !*done && ctx.HasInput(kMask) && IsInteger(ctx.In(kMask).dtype);
  if (!integer_mask) return OkStatus();
  *done = true;
  return ComputeInFloat32(ctx, kFloats, 1 << kMask);
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Attention) {
  using namespace webinfer::ops;
  return {.name = "Attention",
          .since = 24,
          .min_inputs = 3,
          .max_inputs = 7,
          .max_outputs = 4,
          .infer = InferAttention,
          .bind = BindAttention,
          .lower = LowerAttention};
}
