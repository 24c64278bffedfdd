// GroupQueryAttention against loops in double, with everything that changes the scores; and one run over all tokens against
// token by token.
#include <cmath>

#include "ops/contrib/attention_inputs.h"

namespace webinfer::testing {
namespace {

class GroupQuery : public ::testing::TestWithParam<int> {};  // window

// One run over all tokens, and a first run over some followed by one token at a time, give the same.
TEST_P(GroupQuery, TokenByTokenIsLikeAllAtOnce) {
  constexpr int64_t kTokens = 7, kFirst = 4, kHeads = 4, kKeyHeads = 2, kSize = 8;
  const Tensor q = Random({1, kTokens, kHeads * kSize}, 1), k = Random({1, kTokens, kKeyHeads * kSize}, 2),
               v = Random({1, kTokens, kKeyHeads * kSize}, 3);
  const auto run = [&](int64_t first, int64_t last, const std::vector<RuntimeValue>* past) {
    RunOp op("GroupQueryAttention", "com.microsoft");
    op.Int("num_heads", kHeads).Int("kv_num_heads", kKeyHeads).Int("do_rotary", 1).Int("local_window_size", GetParam());
    op.In(Tokens(q, first, last)).In(Tokens(k, first, last)).In(Tokens(v, first, last));
    past != nullptr ? op.In((*past)[1]).In((*past)[2]) : op.Without().Without();
    op.In<int32_t>({1}, {static_cast<int32_t>(last - 1)}).In<int32_t>({}, {static_cast<int32_t>(last)});
    op.In(Random({16, kSize / 2}, 4)).In(Random({16, kSize / 2}, 5));
    return op.Run(3);
  };
  const auto all = run(0, kTokens, nullptr);
  ASSERT_EQ(all[1].tensor.shape, Shape({1, kKeyHeads, kTokens, kSize}));
  const std::vector<float> expected = ValuesOf<float>(all[0]);
  auto state = run(0, kFirst, nullptr);
  std::vector<float> got = ValuesOf<float>(state[0]);
  for (int64_t token = kFirst; token < kTokens; ++token) {
    state = run(token, token + 1, &state);
    const std::vector<float> row = ValuesOf<float>(state[0]);
    got.insert(got.end(), row.begin(), row.end());
  }
  ASSERT_EQ(got.size(), expected.size());
  for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected[i], 2e-6) << i;
}

INSTANTIATE_TEST_SUITE_P(Windows, GroupQuery, ::testing::Values(-1, 3));

struct Options {
  int64_t batch = 1, tokens = 1, past = 0;  // rows of the past cache; 0: none
  std::vector<int32_t> totals;              // of each sequence, the new tokens included
  int64_t window = -1;
  float softcap = 0;
  bool smooth = false, sink = false, bias = false, rotary = false, interleaved = false, packed = false, norms = false;
};

constexpr int64_t kHeads = 4, kKeyHeads = 2, kSize = 8, kPositions = 32;

struct Inputs {
  Tensor q, k, v, past_key, past_value, cos, sin, bias, sink, query_norm, key_norm;
};

using Vector = std::vector<double>;

Vector Head(const Tensor& x, int64_t heads, int64_t b, int64_t token, int64_t head) {
  const float* from = x.As<float>() + ((b * x.shape[1] + token) * heads + head) * kSize;
  return Vector(from, from + kSize);
}

void Normalize(const Tensor& weight, Vector* x) {
  double sum = 0;
  for (double value : *x) sum += value * value;
  for (size_t i = 0; i < x->size(); ++i) (*x)[i] *= double{weight.As<float>()[i]} / std::sqrt(sum / kSize + 1e-6);
}

void Turn(const Options& o, const Inputs& in, int64_t position, Vector* x) {
  const Vector from = *x;
  for (size_t i = 0; i < kSize / 2; ++i) {
    const size_t a = o.interleaved ? 2 * i : i, b = o.interleaved ? 2 * i + 1 : i + kSize / 2;
    const size_t at = static_cast<size_t>(position * kSize / 2) + i;
    const double cos = in.cos.As<float>()[at], sin = in.sin.As<float>()[at];
    (*x)[a] = from[a] * cos - from[b] * sin;
    (*x)[b] = from[b] * cos + from[a] * sin;
  }
}

// A key or value of the finished cache.
Vector Cached(const Options& o, const Inputs& in, bool is_key, int64_t b, int64_t head, int64_t position) {
  const int64_t first = o.totals[static_cast<size_t>(b)] - o.tokens;
  if (position < first) {
    const float* from = (is_key ? in.past_key : in.past_value).As<float>() + ((b * kKeyHeads + head) * o.past + position) * kSize;
    return Vector(from, from + kSize);
  }
  Vector x = Head(is_key ? in.k : in.v, kKeyHeads, b, position - first, head);
  if (is_key && o.norms) Normalize(in.key_norm, &x);
  if (is_key && o.rotary) Turn(o, in, position, &x);
  return x;
}

Vector Expected(const Options& o, const Inputs& in, int64_t most, int64_t b, int64_t token, int64_t head) {
  const int64_t position = o.totals[static_cast<size_t>(b)] - o.tokens + token, kv_head = head / (kHeads / kKeyHeads);
  Vector q = Head(in.q, kHeads, b, token, head);
  if (o.norms) Normalize(in.query_norm, &q);
  if (o.rotary) Turn(o, in, position, &q);
  double total = o.sink ? std::exp(double{in.sink.As<float>()[head]}) : o.smooth ? 1 : 0;
  Vector y(kSize);
  for (int64_t key = o.window > 0 ? std::max<int64_t>(0, position + 1 - o.window) : 0; key <= position; ++key) {
    const Vector k = Cached(o, in, true, b, kv_head, key), v = Cached(o, in, false, b, kv_head, key);
    double score = 0;
    for (size_t i = 0; i < kSize; ++i) score += q[i] * k[i];
    score /= std::sqrt(double{kSize});
    if (o.softcap > 0) score = o.softcap * std::tanh(score / o.softcap);
    if (o.bias) score += in.bias.As<float>()[((b * kHeads + head) * o.tokens + token) * most + key];
    total += std::exp(score);
    for (size_t i = 0; i < kSize; ++i) y[i] += std::exp(score) * v[i];
  }
  for (double& value : y) value /= total;
  return y;
}

Inputs MakeInputs(const Options& o, int64_t most) {
  return {Random({o.batch, o.tokens, kHeads * kSize}, 1),
          Random({o.batch, o.tokens, kKeyHeads * kSize}, 2),
          Random({o.batch, o.tokens, kKeyHeads * kSize}, 3),
          Random({o.batch, kKeyHeads, o.past, kSize}, 4),
          Random({o.batch, kKeyHeads, o.past, kSize}, 5),
          Random({kPositions, kSize / 2}, 6),
          Random({kPositions, kSize / 2}, 7),
          Random({o.batch, kHeads, o.tokens, most}, 8),
          Random({kHeads}, 9),
          Random({kSize}, 10),
          Random({kSize}, 11)};
}

Tensor Pack(const Inputs& in) {
  const int64_t rows = in.q.shape[0] * in.q.shape[1];
  Result<Tensor> packed = Tensor::Create(DType::kFloat32, {in.q.shape[0], in.q.shape[1], (kHeads + 2 * kKeyHeads) * kSize});
  float* to = packed->As<float>();
  for (int64_t row = 0; row < rows; ++row) {
    for (const Tensor* part : {&in.q, &in.k, &in.v}) {
      const float* from = part->As<float>() + row * part->shape[2];
      to = std::copy(from, from + part->shape[2], to);
    }
  }
  return std::move(*packed);
}

Tensor Copy(const Tensor& x) {
  Result<Tensor> copy = Tensor::Create(x.dtype, x.shape);
  std::copy(x.As<float>(), x.As<float>() + x.shape.Elements(), copy->As<float>());
  return std::move(*copy);
}

void Check(const Options& o) {
  int32_t most = 0;
  for (int32_t total : o.totals) most = std::max(most, total);
  const Inputs in = MakeInputs(o, most);
  RunOp op("GroupQueryAttention", "com.microsoft");
  op.Int("num_heads", kHeads).Int("kv_num_heads", kKeyHeads).Int("local_window_size", o.window).Float("softcap", o.softcap);
  op.Int("do_rotary", o.rotary).Int("rotary_interleaved", o.interleaved).Int("smooth_softmax", o.smooth);
  if (o.packed) {
    op.In(Pack(in)).Without().Without();
  } else {
    op.In(Copy(in.q)).In(Copy(in.k)).In(Copy(in.v));
  }
  o.past > 0 ? op.In(Copy(in.past_key)).In(Copy(in.past_value)) : op.Without().Without();
  Result<Tensor> last = Tensor::Create(DType::kInt32, {o.batch});
  for (int64_t b = 0; b < o.batch; ++b) last->As<int32_t>()[b] = o.totals[static_cast<size_t>(b)] - 1;
  op.In(std::move(*last)).In<int32_t>({1}, {most});
  o.rotary ? op.In(Copy(in.cos)).In(Copy(in.sin)) : op.Without().Without();
  op.Without();
  o.bias ? op.In(Copy(in.bias)) : op.Without();
  o.sink ? op.In(Copy(in.sink)) : op.Without();
  if (o.norms) op.Without().Without().In(Copy(in.query_norm)).In(Copy(in.key_norm));
  const auto out = op.Run(3);

  const int64_t capacity = std::max<int64_t>(o.past, most);
  ASSERT_EQ(out[0].tensor.shape, Shape({o.batch, o.tokens, kHeads * kSize}));
  ASSERT_EQ(out[1].tensor.shape, Shape({o.batch, kKeyHeads, capacity, kSize}));
  for (int64_t b = 0; b < o.batch; ++b) {
    for (int64_t token = 0; token < o.tokens; ++token) {
      for (int64_t head = 0; head < kHeads; ++head) {
        const Vector expected = Expected(o, in, most, b, token, head), got = Head(out[0].tensor, kHeads, b, token, head);
        for (size_t i = 0; i < kSize; ++i)
          ASSERT_NEAR(got[i], expected[i], 4e-6) << b << ", " << token << ", " << head << ", " << i;
      }
    }
    for (int64_t head = 0; head < kKeyHeads; ++head) {
      for (int64_t position = 0; position < capacity; ++position) {
        for (bool is_key : {true, false}) {
          const bool used = position < o.totals[static_cast<size_t>(b)];
          const Vector expected = used ? Cached(o, in, is_key, b, head, position) : Vector(kSize);
          const float* got = out[is_key ? 1 : 2].tensor.As<float>() + ((b * kKeyHeads + head) * capacity + position) * kSize;
          for (size_t i = 0; i < kSize; ++i) ASSERT_NEAR(got[i], expected[i], 2e-6) << b << ", " << head << ", " << position;
        }
      }
    }
  }
}

TEST(GroupQueryAttention, PromptAndDecoding) {
  Check({.tokens = 5, .totals = {5}});
  Check({.tokens = 9, .totals = {9}, .rotary = true});
  Check({.tokens = 3, .totals = {3}, .rotary = true, .interleaved = true, .packed = true});
  Check({.past = 4, .totals = {5}, .rotary = true});
  Check({.tokens = 3, .past = 4, .totals = {7}, .rotary = true, .packed = true});
}

TEST(GroupQueryAttention, CacheWithRoomAndSequencesOfDifferentLength) {
  Check({.past = 12, .totals = {5}, .rotary = true});
  Check({.tokens = 6, .past = 12, .totals = {6}});
  Check({.batch = 3, .past = 9, .totals = {4, 9, 1}, .rotary = true});
  Check({.batch = 2, .tokens = 2, .past = 5, .totals = {7, 3}, .window = 3, .rotary = true});
}

TEST(GroupQueryAttention, WhatChangesTheScores) {
  for (int64_t window : {1, 3, 7}) Check({.tokens = 6, .totals = {6}, .window = window});
  Check({.tokens = 6, .totals = {6}, .softcap = 0.5f});
  Check({.tokens = 6, .totals = {6}, .smooth = true});
  Check({.past = 5, .totals = {6}, .window = 4, .sink = true});
  Check({.batch = 2, .past = 5, .totals = {6, 4}, .softcap = 1.5f, .sink = true, .bias = true});
  Check({.tokens = 4, .past = 3, .totals = {7}, .bias = true, .rotary = true, .norms = true});
}

TEST(GroupQueryAttention, LengthsThatDoNotFitTheCache) {
  const auto run = [](int32_t last, int32_t total) {
    RunOp op("GroupQueryAttention", "com.microsoft");
    op.Int("num_heads", kHeads).Int("kv_num_heads", kKeyHeads);
    op.In(Random({1, 1, kHeads * kSize}, 1)).In(Random({1, 1, kKeyHeads * kSize}, 2)).In(Random({1, 1, kKeyHeads * kSize}, 3));
    op.In(Random({1, kKeyHeads, 2, kSize}, 4)).In(Random({1, kKeyHeads, 2, kSize}, 5));
    op.In<int32_t>({1}, {last}).In<int32_t>({1}, {total});
    return op.RunForError(3);
  };
  EXPECT_EQ(run(2, 3), Code::kOk);
  EXPECT_EQ(run(-1, 3), Code::kInvalidArgument);
  EXPECT_EQ(run(3, 3), Code::kInvalidArgument);
  EXPECT_EQ(run(5, 6), Code::kInvalidArgument);  // more past tokens than the past cache has
  EXPECT_EQ(run(2, 0), Code::kInvalidArgument);
}

}  // namespace
}  // namespace webinfer::testing
