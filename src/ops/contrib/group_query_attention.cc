// com.microsoft.GroupQueryAttention: rotary embedding and causal attention with a cache of past keys and values, in one step.
//
// Sequence b has T = seqlens_k[b] + 1 tokens when the step is done, the last Q = min(query_seqlens[b] or tokens, T) of them new:
// those are written to the cache at T - Q. The cache is as long as the past one, or grows with total_sequence_length. What lies
// behind T in it is the padding of the new tokens and then 0, unless past and present are the same memory. Quantised and sliding
// caches are not supported.
#include <algorithm>
#include <climits>
#include <cmath>
#include <cstring>
#include <utility>

#include "kernels/rotary.h"
#include "ops/float32.h"
#include "ops/nn/heads.h"

namespace webinfer::ops {
namespace {

enum Input {
  kQuery,
  kKey,
  kValue,
  kPastKey,
  kPastValue,
  kLastKeys,
  kTotal,
  kCos,
  kSin,
  kPositions,
  kBias,
  kSink,
  kKeyScale,
  kValueScale,
  kQueryNorm,
  kKeyNorm,
  kQueryCounts
};
enum Output { kY, kPresentKey, kPresentValue, kScores };

constexpr int64_t kScoresBeforeSoftmax = 1;  // of qk_output

int64_t HeadCount(const InferContext& ctx) { return ctx.attributes().Int("num_heads", 0); }
int64_t KeyHeadCount(const InferContext& ctx) { return ctx.attributes().Int("kv_num_heads", 0); }

// Elements of a head: the query may carry keys and values behind it.
int64_t HeadSize(const InferContext& ctx) {
  const Shape& q = ctx.In(kQuery).shape;
  const int64_t heads = HeadCount(ctx) + (ctx.HasInput(kKey) ? 0 : 2 * KeyHeadCount(ctx));
  return q.rank() == 3 && q[2] >= 0 && heads > 0 ? q[2] / heads : kUnknownDim;
}

int64_t PastLength(const InferContext& ctx) {
  if (!ctx.HasInput(kPastKey)) return 0;
  return ctx.In(kPastKey).shape.rank() == 4 ? ctx.In(kPastKey).shape[2] : kUnknownDim;
}

Status InferGroupQueryAttention(InferContext& ctx) {
  const Shape& q = ctx.In(kQuery).shape;
  const DType dtype = ctx.In(kQuery).dtype;
  Shape y = Shape::Unknown(3), present = Shape::Unknown(4), scores = Shape::Unknown(4);
  if (q.rank() == 3) {
    const int64_t size = HeadSize(ctx), past = PastLength(ctx);
    y = {q[0], q[1], size < 0 ? kUnknownDim : HeadCount(ctx) * size};
    int64_t total = kUnknownDim;
    if (!ctx.KnownInt(kTotal, &total)) ctx.NeedValue(kTotal);
    present = {q[0], KeyHeadCount(ctx), past >= 0 && total >= 0 ? std::max(past, total) : kUnknownDim, size};
    scores = {q[0], HeadCount(ctx), q[1], total >= 0 ? total : kUnknownDim};
  }
  WEBINFER_TRY(ctx.SetOutput(kY, dtype, y));
  WEBINFER_TRY(ctx.SetOutput(kPresentKey, dtype, present));
  WEBINFER_TRY(ctx.SetOutput(kPresentValue, dtype, present));
  return ctx.SetOutput(kScores, dtype, scores);
}

struct GroupQuery {
  kernels::Attention attention;  // what each run does not set
  int64_t past, capacity;        // rows of the past and the present cache
  int64_t cos_rows;
  int rotated;  // elements of a head that are turned
  bool interleaved, packed, has_norms;
  float query_epsilon, key_epsilon;
  // Scratch, in this order: integers of each sequence and token, queries once they are turned, caches nobody asked for, and
  // attention's own.
  uint64_t integers, query_floats, cache_floats;
};

// Of one run.
struct Lengths {
  int64_t *total, *offset, *written;  // per sequence: tokens when done, position of the first new one, rows written from there
};

Status ReadLengths(const Step& step, const GroupQuery& p, const Lengths& lengths) {
  const auto* last_keys = step.in[kLastKeys].As<int32_t>();
  for (int b = 0; b < p.attention.batch; ++b) {
    const int64_t tokens = int64_t{last_keys[b]} + 1, queries = p.attention.queries;
    int64_t fresh = std::min(queries, tokens);
    if (step.HasInput(kQueryCounts)) fresh = step.in[kQueryCounts].As<int32_t>()[b];
    lengths.total[b] = tokens;
    lengths.offset[b] = tokens - fresh;
    lengths.written[b] = step.HasInput(kQueryCounts) ? fresh : std::min(queries, p.capacity - lengths.offset[b]);
    if (tokens < 1 || tokens > p.attention.keys || fresh < 0 || fresh > std::min(queries, tokens) || lengths.offset[b] > p.past) {
      return Error(Code::kInvalidArgument, "GroupQueryAttention: seqlens_k of sequence %d does not fit the cache", b)
          .Expected("%lld new tokens at most, %lld past ones, %lld in all", static_cast<long long>(queries),
                    static_cast<long long>(p.past), static_cast<long long>(p.attention.keys))
          .Actual("%lld", static_cast<long long>(tokens));
    }
  }
  return OkStatus();
}

// x / sqrt(mean(x^2) + epsilon) * weight, in place.
void NormalizeHead(float* x, const float* weight, int64_t size, float epsilon) {
  float sum = 0;
  for (int64_t i = 0; i < size; ++i) sum += x[i] * x[i];
  const float factor = 1 / std::sqrt(sum / static_cast<float>(size) + epsilon);
  for (int64_t i = 0; i < size; ++i) x[i] *= factor * weight[i];
}

// Where `heads` heads of one sequence come from and go to.
struct Move {
  const float* from;
  float* to;
  int heads;
  int64_t tokens;
  kernels::HeadStrides from_strides, to_strides;
};

void CopyHeads(const Move& m, int64_t size, const float* norm, float epsilon) {
  for (int head = 0; head < m.heads; ++head) {
    for (int64_t token = 0; token < m.tokens; ++token) {
      float* const to = m.to + head * m.to_strides.head + token * m.to_strides.row;
      std::memcpy(to, m.from + head * m.from_strides.head + token * m.from_strides.row,
                  static_cast<size_t>(size) * sizeof(float));
      if (norm != nullptr) NormalizeHead(to, norm, size, epsilon);
    }
  }
}

void Turn(const Step& step, const GroupQuery& p, const Move& m, const int64_t* rows, ThreadPool& pool) {
  kernels::Rotary rotary{1,
                         m.heads,
                         static_cast<int>(m.tokens),
                         p.attention.depth,
                         p.rotated,
                         p.interleaved,
                         m.from_strides,
                         m.to_strides,
                         m.from,
                         step.in[kCos].As<float>(),
                         step.in[kSin].As<float>(),
                         m.to};
  if (p.has_norms) {
    rotary.x = m.to;
    rotary.x_strides = m.to_strides;
  }
  kernels::RunRotary(rotary, rows, pool);
}

// Copies heads, normalises and turns them as the node asks.
void MoveHeads(const Step& step, const GroupQuery& p, const Move& m, Input norm, const int64_t* rows, ThreadPool& pool) {
  if (p.has_norms || p.rotated == 0) {
    CopyHeads(m, p.attention.depth, p.has_norms ? step.in[norm].As<float>() : nullptr,
              norm == kQueryNorm ? p.query_epsilon : p.key_epsilon);
  }
  if (p.rotated > 0) Turn(step, p, m, rows, pool);
}

Status FindRows(const Step& step, const GroupQuery& p, int batch, const Lengths& lengths, int64_t* rows) {
  for (int64_t token = 0; token < p.attention.queries; ++token) {
    const bool given = step.HasInput(kPositions);
    const bool padding = token >= lengths.total[batch] - lengths.offset[batch];
    const int64_t row =
        given ? step.in[kPositions].As<int64_t>()[int64_t{batch} * p.attention.queries + token] : lengths.offset[batch] + token;
    rows[token] = padding ? std::clamp<int64_t>(row, 0, p.cos_rows - 1) : row;
    if (rows[token] < 0 || rows[token] >= p.cos_rows) {
      return Error(Code::kOutOfRange, "A position is outside of the cosine cache")
          .Expected("0 to %lld", static_cast<long long>(p.cos_rows - 1))
          .Actual("%lld", static_cast<long long>(row));
    }
  }
  return OkStatus();
}

// The past rows of one sequence, if there are any, and zeros behind those that will be written.
void CarryOver(const float* past, float* present, const GroupQuery& p, int batch, const Lengths& lengths) {
  if (past == present) return;
  const int64_t size = p.attention.depth, capacity = p.capacity;
  for (int64_t head = int64_t{batch} * p.attention.kv_heads, end = head + p.attention.kv_heads; head < end; ++head) {
    float* const to = present + head * capacity * size;
    const int64_t old = lengths.offset[batch], end_of_new = old + lengths.written[batch];
    if (past != nullptr) std::memcpy(to, past + head * p.past * size, static_cast<size_t>(old * size) * sizeof(float));
    std::memset(to + end_of_new * size, 0, static_cast<size_t>((capacity - end_of_new) * size) * sizeof(float));
  }
}

Status RunGroupQueryAttention(const Step& step, RunContext& run) {
  const auto& p = step.Params<GroupQuery>();
  kernels::Attention a = p.attention;
  const int64_t size = a.depth, heads = a.heads, kv_heads = a.kv_heads;
  auto* integers = reinterpret_cast<int64_t*>(step.scratch);
  const Lengths lengths{integers, integers + a.batch, integers + 2 * a.batch};
  int64_t* const rows = integers + 3 * a.batch;
  auto* scratch = reinterpret_cast<float*>(integers + p.integers);
  WEBINFER_TRY(ReadLengths(step, p, lengths));
  const auto take = [&](uint64_t floats) { return std::exchange(scratch, scratch + floats); };
  float* const turned = take(p.query_floats);
  float* const keys = step.HasOutput(kPresentKey) ? step.out[kPresentKey].As<float>() : take(p.cache_floats);
  float* const values = step.HasOutput(kPresentValue) ? step.out[kPresentValue].As<float>() : take(p.cache_floats);

  const int64_t packed_row = (heads + 2 * kv_heads) * size;
  const auto* q = step.in[kQuery].As<float>();
  const float* k = p.packed ? q + heads * size : step.in[kKey].As<float>();
  const float* v = p.packed ? q + (heads + kv_heads) * size : step.in[kValue].As<float>();
  const kernels::HeadStrides q_in = {0, size, p.packed ? packed_row : heads * size};
  const kernels::HeadStrides kv_in = {0, size, p.packed ? packed_row : kv_heads * size};
  const kernels::HeadStrides cache = {0, p.capacity * size, size}, q_turned = {0, size, heads * size};
  for (int b = 0; b < a.batch; ++b) {
    if (p.rotated > 0) WEBINFER_TRY(FindRows(step, p, b, lengths, rows));
    CarryOver(step.HasInput(kPastKey) ? step.in[kPastKey].As<float>() : nullptr, keys, p, b, lengths);
    CarryOver(step.HasInput(kPastValue) ? step.in[kPastValue].As<float>() : nullptr, values, p, b, lengths);
    const int64_t to = (b * kv_heads * p.capacity + lengths.offset[b]) * size, from = int64_t{b} * a.queries * kv_in.row;
    MoveHeads(step, p, {k + from, keys + to, a.kv_heads, lengths.written[b], kv_in, cache}, kKeyNorm, rows, run.pool());
    CopyHeads({v + from, values + to, a.kv_heads, lengths.written[b], kv_in, cache}, size, nullptr, 0);
    if (p.query_floats > 0) {
      const int64_t token = int64_t{b} * a.queries;
      MoveHeads(step, p, {q + token * q_in.row, turned + token * q_turned.row, a.heads, a.queries, q_in, q_turned}, kQueryNorm,
                rows, run.pool());
    }
  }
  a.q = p.query_floats > 0 ? turned : q;
  a.q_strides = p.query_floats > 0 ? q_turned : q_in;
  a.q_strides.batch = a.queries * a.q_strides.row;
  a.k = keys;
  a.v = values;
  a.y = step.out[kY].As<float>();
  a.key_counts = lengths.total;
  a.causal_offsets = lengths.offset;
  if (step.HasInput(kBias)) SetMask(step.in[kBias], &a);
  if (step.HasInput(kSink)) a.sinks = step.in[kSink].As<float>();
  if (step.HasOutput(kScores)) a.scores = step.out[kScores].As<float>();
  kernels::RunAttention(a, scratch, run.pool());
  return OkStatus();
}

Status CheckKind(const BindContext& ctx) {
  const Attributes& attributes = ctx.attributes();
  const bool quantised =
      attributes.String("k_quant_type", "NONE") != "NONE" || attributes.String("v_quant_type", "NONE") != "NONE";
  if (!quantised && attributes.Int("sliding_window_cache", 0) == 0 && ctx.In(kQuery).dtype == DType::kFloat32) return OkStatus();
  return Error(Code::kUnsupported, "GroupQueryAttention of this kind")
      .Expected("float32 or float16, and a cache of the same type that holds all tokens")
      .Actual("%s, %s cache", DTypeName(ctx.In(kQuery).dtype), quantised ? "a quantised" : "a sliding");
}

Status CheckInputs(const BindContext& ctx, int64_t size) {
  const Shape& q = ctx.In(kQuery).shape;
  const int64_t heads = HeadCount(ctx), kv_heads = KeyHeadCount(ctx), batch = q.rank() == 3 ? q[0] : 0, past = PastLength(ctx);
  const auto is = [&](int input, DType dtype, const Shape& shape) {
    return !ctx.HasInput(input) || (ctx.In(input).dtype == dtype && ctx.In(input).shape == shape);
  };
  const auto counts = [&](int input) {
    return ctx.HasInput(input) && ctx.In(input).dtype == DType::kInt32 && ctx.In(input).shape.Elements() == batch;
  };
  const bool packed = !ctx.HasInput(kKey);
  bool fits = q.rank() == 3 && heads > 0 && kv_heads > 0 && heads % kv_heads == 0 && size > 0 &&
              q[2] == size * (packed ? heads + 2 * kv_heads : heads) && ctx.HasInput(kKey) == ctx.HasInput(kValue) &&
              ctx.HasInput(kPastKey) == ctx.HasInput(kPastValue) && ctx.HasInput(kTotal) && q[1] <= INT_MAX &&
              heads * size <= INT_MAX && past <= INT_MAX && batch <= INT_MAX;
  fits = fits && is(kKey, DType::kFloat32, {batch, q[1], kv_heads * size}) &&
         is(kValue, DType::kFloat32, {batch, q[1], kv_heads * size}) &&
         is(kPastKey, DType::kFloat32, {batch, kv_heads, past, size}) &&
         is(kPastValue, DType::kFloat32, {batch, kv_heads, past, size}) && counts(kLastKeys) &&
         (!ctx.HasInput(kQueryCounts) || counts(kQueryCounts)) && ctx.In(kTotal).dtype == DType::kInt32 &&
         ctx.In(kTotal).shape.Elements() == 1 && is(kPositions, DType::kInt64, {batch, q[1]}) &&
         is(kSink, DType::kFloat32, {heads}) && ctx.HasInput(kQueryNorm) == ctx.HasInput(kKeyNorm) &&
         is(kQueryNorm, DType::kFloat32, {size}) && is(kKeyNorm, DType::kFloat32, {size});
  if (fits) return OkStatus();
  return Error(Code::kShapeMismatch, "GroupQueryAttention's inputs do not fit together")
      .Expected("%lld query and %lld key heads for query %s, seqlens_k [batch], total_sequence_length [1]",
                static_cast<long long>(heads), static_cast<long long>(kv_heads), ShapeText(q).text)
      .Actual("key %s, past %s", packed ? "in the query" : ShapeText(ctx.In(kKey).shape).text,
              ctx.HasInput(kPastKey) ? ShapeText(ctx.In(kPastKey).shape).text : "none");
}

Status BindRotaryCaches(const BindContext& ctx, int64_t size, GroupQuery* p) {
  if (ctx.attributes().Int("do_rotary", 0) == 0) return OkStatus();
  const Shape cos = ctx.HasInput(kCos) ? ctx.In(kCos).shape : Shape();
  const bool fits = cos.rank() == 2 && ctx.HasInput(kSin) && ctx.In(kSin).shape == cos && ctx.In(kCos).dtype == DType::kFloat32 &&
                    ctx.In(kSin).dtype == DType::kFloat32 && cos[0] > 0 && cos[1] > 0 && 2 * cos[1] <= size;
  if (!fits) {
    return Error(Code::kShapeMismatch, "GroupQueryAttention's caches of cosines and sines do not fit")
        .Expected("[tokens,%lld] both", static_cast<long long>(size / 2))
        .Actual("%s", ShapeText(cos).text);
  }
  p->cos_rows = cos[0];
  p->rotated = static_cast<int>(2 * cos[1]);
  p->interleaved = ctx.attributes().Int("rotary_interleaved", 0) != 0;
  return OkStatus();
}

Status BindGroupQueryAttention(BindContext& ctx) {
  WEBINFER_TRY(CheckKind(ctx));
  const int64_t size = HeadSize(ctx);
  WEBINFER_TRY(CheckInputs(ctx, size));
  WEBINFER_ASSIGN(GroupQuery * p, ctx.Params<GroupQuery>());
  WEBINFER_TRY(BindRotaryCaches(ctx, size, p));
  const Attributes& attributes = ctx.attributes();
  const Shape& q = ctx.In(kQuery).shape;
  kernels::Attention& a = p->attention;
  a.batch = static_cast<int>(q[0]);
  a.queries = static_cast<int>(q[1]);
  a.heads = static_cast<int>(HeadCount(ctx));
  a.kv_heads = static_cast<int>(KeyHeadCount(ctx));
  a.depth = a.value_depth = static_cast<int>(size);
  const float scale = attributes.Float("scale", 0);
  a.scale = scale != 0 ? scale : 1 / std::sqrt(static_cast<float>(size));
  a.softcap = attributes.Float("softcap", 0);
  a.causal = attributes.Int("causal", 1) != 0;
  a.window = attributes.Int("local_window_size", -1);
  a.sink = ctx.HasInput(kSink) || attributes.Int("smooth_softmax", 0) == 1;
  a.scores_after = attributes.Int("qk_output", 0) == kScoresBeforeSoftmax ? 2 : 3;
  a.hidden_scores_are_zero = true;
  a.y_strides = StridesOf({q[0], a.heads, q[1], size}, true);
  p->past = PastLength(ctx);
  p->packed = !ctx.HasInput(kKey);
  p->has_norms = ctx.HasInput(kQueryNorm);
  const float epsilon = attributes.Float("qk_norm_epsilon", 1e-6f);
  p->query_epsilon = attributes.Float("q_norm_epsilon", epsilon);
  p->key_epsilon = attributes.Float("k_norm_epsilon", epsilon);
  if (p->rotated > 0 || p->has_norms) p->query_floats = (static_cast<uint64_t>(q[0] * q[1] * a.heads * size) + 15) / 16 * 16;

  int64_t total = 0;
  if (!ctx.KnownInt(kTotal, &total) || total < 1 || total > INT_MAX) {
    return Error(Code::kInvalidArgument, "GroupQueryAttention: total_sequence_length is out of range")
        .Expected("1 to %d tokens", INT_MAX)
        .Actual("%lld", static_cast<long long>(total));
  }
  a.keys = static_cast<int>(total);
  p->capacity = std::max(p->past, total);
  a.k_strides = a.v_strides = {a.kv_heads * p->capacity * size, p->capacity * size, size};
  WEBINFER_TRY(BindMask(ctx, kBias, &a));

  p->integers = static_cast<uint64_t>(3 * q[0] + q[1] + 7) / 8 * 8;
  p->cache_floats = (static_cast<uint64_t>(q[0] * a.k_strides.batch) + 15) / 16 * 16;
  const uint64_t caches = static_cast<uint64_t>(!ctx.HasOutput(kPresentKey) + !ctx.HasOutput(kPresentValue));
  const uint64_t floats = p->query_floats + caches * p->cache_floats + kernels::AttentionScratchFloats(a, ctx.threads());
  ctx.MayShare(kPresentKey, kPastKey);
  ctx.MayShare(kPresentValue, kPastValue);
  ctx.SetKernel(RunGroupQueryAttention);
  ctx.SetScratch(p->integers * sizeof(int64_t) + floats * sizeof(float));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_GroupQueryAttention) {
  using namespace webinfer::ops;
  return {.name = "GroupQueryAttention",
          .domain = "com.microsoft",
          .min_inputs = 1,
          .max_inputs = 17,
          .max_outputs = 4,
          .infer = InferGroupQueryAttention,
          .bind = BindGroupQueryAttention,
          .lower = LowerHalf};
}
