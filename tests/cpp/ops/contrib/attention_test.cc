// onnxruntime's attention operators: MultiHeadAttention against loops in double; the others by what must not change when a
// sequence is taken in one run or token by token.
#include <cmath>

#include "ops/contrib/attention_inputs.h"

namespace webinfer::testing {
namespace {

TEST(MultiHeadAttention, BiasAndKeyMask) {
  constexpr int64_t kBatch = 2, kTokens = 3, kKeys = 4, kHeads = 2, kSize = 4, kHidden = kHeads * kSize;
  const Tensor q = Random({kBatch, kTokens, kHidden}, 1), k = Random({kBatch, kKeys, kHidden}, 2),
               v = Random({kBatch, kKeys, kHidden}, 3), bias = Random({3 * kHidden}, 4);
  const int32_t mask[kBatch * kKeys] = {1, 1, 0, 1, 1, 1, 1, 0};
  const auto out = RunOp("MultiHeadAttention", "com.microsoft")
                       .Int("num_heads", kHeads)
                       .In(Random(q.shape, 1))
                       .In(Random(k.shape, 2))
                       .In(Random(v.shape, 3))
                       .In(Random(bias.shape, 4))
                       .In<int32_t>({kBatch, kKeys}, {1, 1, 0, 1, 1, 1, 1, 0})
                       .Run();
  ASSERT_EQ(out[0].tensor.shape, Shape({kBatch, kTokens, kHidden}));
  const std::vector<float> got = ValuesOf<float>(out[0]);
  const auto at = [&](const Tensor& x, int64_t b, int64_t token, int64_t i, int64_t part) {
    return static_cast<double>(x.As<float>()[(b * x.shape[1] + token) * kHidden + i]) +
           static_cast<double>(bias.As<float>()[part * kHidden + i]);
  };
  for (int64_t b = 0; b < kBatch; ++b) {
    for (int64_t token = 0; token < kTokens; ++token) {
      for (int64_t i = 0; i < kHidden; ++i) {
        const int64_t head = i / kSize;
        double sum = 0, value = 0;
        for (int64_t key = 0; key < kKeys; ++key) {
          if (mask[b * kKeys + key] == 0) continue;
          double score = 0;
          for (int64_t d = head * kSize; d < (head + 1) * kSize; ++d) score += at(q, b, token, d, 0) * at(k, b, key, d, 1);
          const double weight = std::exp(score / std::sqrt(static_cast<double>(kSize)));
          sum += weight;
          value += weight * at(v, b, key, i, 2);
        }
        EXPECT_NEAR(got[static_cast<size_t>((b * kTokens + token) * kHidden + i)], value / sum, 2e-6);
      }
    }
  }
}

// Rows of `parts` next to each other, `size` floats of each at a time.
Tensor Interleave(const Shape& shape, std::vector<const Tensor*> parts, int64_t size) {
  Result<Tensor> packed = Tensor::Create(DType::kFloat32, shape);
  float* to = packed->As<float>();
  for (int64_t at = 0; at < parts[0]->shape.Elements(); at += size) {
    for (const Tensor* part : parts) to = std::copy(part->As<float>() + at, part->As<float>() + at + size, to);
  }
  return std::move(*packed);
}

TEST(MultiHeadAttention, PackedInputsAreLikeThoseApart) {
  constexpr int64_t kTokens = 3, kHeads = 2, kSize = 4, kHidden = kHeads * kSize;
  const Shape shape = {2, kTokens, kHidden};
  const Tensor q = Random(shape, 1), k = Random(shape, 2), v = Random(shape, 3);
  const auto run = [](RunOp op) { return ValuesOf<float>(op.Int("num_heads", kHeads).Run()[0]); };
  const std::vector<float> apart =
      run(std::move(RunOp("MultiHeadAttention", "com.microsoft").In(Random(shape, 1)).In(Random(shape, 2)).In(Random(shape, 3))));
  RunOp all("MultiHeadAttention", "com.microsoft"), two("MultiHeadAttention", "com.microsoft"),
      rows("MultiHeadAttention", "com.microsoft");
  all.In(Interleave({2, kTokens, kHeads, 3, kSize}, {&q, &k, &v}, kSize));
  two.In(Random(shape, 1)).In(Interleave({2, kTokens, kHeads, 2, kSize}, {&k, &v}, kSize));
  rows.In(Interleave({2, kTokens, 3 * kHidden}, {&q, &k, &v}, kHidden));
  EXPECT_EQ(run(std::move(all)), apart);
  EXPECT_EQ(run(std::move(two)), apart);
  EXPECT_EQ(run(std::move(rows)), apart);
}

TEST(MicrosoftAttention, EveryFormOfAMask) {
  constexpr int64_t kTokens = 3, kHidden = 4;
  const auto run = [](Tensor mask) {
    RunOp op("Attention", "com.microsoft");
    op.Int("num_heads", 2).In(Random({2, kTokens, kHidden}, 1)).In(Random({kHidden, 3 * kHidden}, 2));
    return ValuesOf<float>(op.In(Random({3 * kHidden}, 3)).In(std::move(mask)).Run()[0]);
  };
  const auto ints = [](const Shape& shape, std::initializer_list<int32_t> values) { return MakeTensor<int32_t>(shape, values); };
  const std::vector<float> ends = run(ints({2, 3}, {1, 1, 0, 1, 1, 1})), both = run(ints({2, 3}, {0, 1, 0, 1, 1, 1}));
  EXPECT_NE(ends, both);
  EXPECT_EQ(run(ints({2}, {2, 3})), ends);
  EXPECT_EQ(run(ints({8}, {2, 3, 0, 3, 6, 0, 3, 6})), ends);
  EXPECT_EQ(run(ints({4}, {2, 3, 1, 0})), both);
  EXPECT_EQ(run(ints({2, 3, 3}, {0, 1, 0, 0, 1, 0, 0, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1})), both);
  Result<Tensor> square = Tensor::Create(DType::kInt32, {2, 1, 5, 5});
  for (int i = 0; i < 50; ++i) square->As<int32_t>()[i] = i >= 25 || i % 5 < 2;
  EXPECT_EQ(run(std::move(*square)), ends);
}

TEST(MicrosoftAttention, PastIsLikeAllAtOnce) {
  constexpr int64_t kTokens = 5, kFirst = 3, kHidden = 6, kHeads = 2;
  const Tensor x = Random({1, kTokens, kHidden}, 1);
  const auto run = [&](int64_t first, int64_t last, const RuntimeValue* past) {
    RunOp op("Attention", "com.microsoft");
    op.Int("num_heads", kHeads).Int("unidirectional", 1);
    op.In(Tokens(x, first, last)).In(Random({kHidden, 3 * kHidden}, 2)).In(Random({3 * kHidden}, 3)).Without();
    if (past != nullptr) op.In(*past);
    return op.Run(2);
  };
  const auto all = run(0, kTokens, nullptr);
  ASSERT_EQ(all[1].tensor.shape, Shape({2, 1, kHeads, kTokens, kHidden / kHeads}));
  const auto first = run(0, kFirst, nullptr), rest = run(kFirst, kTokens, &first[1]);
  const std::vector<float> expected = ValuesOf<float>(all[0]), got = ValuesOf<float>(rest[0]);
  for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected[i + kFirst * kHidden], 2e-6) << i;
}

}  // namespace
}  // namespace webinfer::testing
