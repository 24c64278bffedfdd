// Normalisations against their formulas in double, with means far larger than the deviations.
#include <cmath>
#include <random>

#include "ops/run_op.h"

namespace webinfer::testing {
namespace {

struct Numbers {
  Numbers(const Shape& s, float offset, unsigned seed) : shape(s) {
    std::mt19937 random(seed);
    for (int64_t i = 0; i < s.Elements(); ++i) values.push_back(offset + static_cast<float>(random() % 2001) / 1000 - 1);
  }
  Tensor Make() const {
    Result<Tensor> tensor = Tensor::Create(DType::kFloat32, shape);
    std::copy(values.begin(), values.end(), tensor->As<float>());
    return std::move(*tensor);
  }
  Shape shape;
  std::vector<float> values;
};

struct Statistics {
  double mean = 0, deviation = 0, root_mean_square = 0;
};
Statistics Of(const float* x, size_t count, double epsilon) {
  Statistics s;
  double squares = 0;
  for (size_t i = 0; i < count; ++i) s.mean += x[i] / static_cast<double>(count);
  for (size_t i = 0; i < count; ++i) {
    s.deviation += (x[i] - s.mean) * (x[i] - s.mean) / static_cast<double>(count);
    squares += static_cast<double>(x[i]) * x[i] / static_cast<double>(count);
  }
  s.deviation = std::sqrt(s.deviation + epsilon);
  s.root_mean_square = std::sqrt(squares + epsilon);
  return s;
}

TEST(LayerNormalization, OfRowsFarFromZero) {
  const Numbers x({5, 3, 67}, 300, 1), scale({67}, 1, 2), bias({67}, 0, 3);
  const auto out = RunOp("LayerNormalization").In(x.Make()).In(scale.Make()).In(bias.Make()).Run(3);
  const std::vector<float> y = ValuesOf<float>(out[0]);
  EXPECT_EQ(out[1].tensor.shape, Shape({5, 3, 1}));
  for (size_t row = 0; row < 15; ++row) {
    const Statistics s = Of(x.values.data() + row * 67, 67, 1e-5);
    EXPECT_NEAR(ValuesOf<float>(out[1])[row], s.mean, 1e-3);
    EXPECT_NEAR(ValuesOf<float>(out[2])[row], 1 / s.deviation, 1e-4);
    for (size_t i = 0; i < 67; ++i) {
      const double want = (x.values[row * 67 + i] - s.mean) / s.deviation * scale.values[i] + bias.values[i];
      ASSERT_NEAR(y[row * 67 + i], want, 3e-4);
    }
  }
}

TEST(RMSNormalization, OfTwoAxes) {
  const Numbers x({4, 3, 10}, 0, 1), scale({3, 10}, 1, 2);
  const auto out = RunOp("RMSNormalization").In(x.Make()).In(scale.Make()).Int("axis", 1).Run();
  const std::vector<float> y = ValuesOf<float>(out[0]);
  for (size_t i = 0; i < 120; ++i) {
    const Statistics s = Of(x.values.data() + i / 30 * 30, 30, 1e-5);
    ASSERT_NEAR(y[i], x.values[i] / s.root_mean_square * scale.values[i % 30], 1e-5);
  }
}

TEST(SkipLayerNormalization, AddsSkipAndBiasAndReturnsTheSum) {
  const Numbers x({2, 3, 8}, 0, 1), skip({1, 3, 8}, 0, 2), gamma({8}, 1, 3), beta({8}, 0, 4), bias({8}, 0, 5);
  const auto out = RunOp("SkipLayerNormalization", "com.microsoft")
                       .In(x.Make())
                       .In(skip.Make())
                       .In(gamma.Make())
                       .In(beta.Make())
                       .In(bias.Make())
                       .Run(4);
  const std::vector<float> y = ValuesOf<float>(out[0]), sum = ValuesOf<float>(out[3]);
  for (size_t i = 0; i < 48; ++i) ASSERT_NEAR(sum[i], x.values[i] + skip.values[i % 24] + bias.values[i % 8], 1e-6);
  for (size_t i = 0; i < 48; ++i) {
    const Statistics s = Of(sum.data() + i / 8 * 8, 8, 1e-12);
    ASSERT_NEAR(y[i], (sum[i] - s.mean) / s.deviation * gamma.values[i % 8] + beta.values[i % 8], 1e-5);
  }
}

TEST(LayerNormalization, AScaleThatDoesNotFitIsAnError) {
  const Numbers x({2, 4}, 0, 1), scale({3}, 1, 2);
  EXPECT_EQ(RunOp("LayerNormalization").In(x.Make()).In(scale.Make()).RunForError(), Code::kShapeMismatch);
}

TEST(GroupNormalization, PerGroupStatisticsPerChannelScale) {
  const Numbers x({2, 6, 5, 3}, 50, 1), scale({6}, 1, 2), bias({6}, 0, 3);
  const auto out = RunOp("GroupNormalization").In(x.Make()).In(scale.Make()).In(bias.Make()).Int("num_groups", 2).Run();
  const std::vector<float> y = ValuesOf<float>(out[0]);
  for (size_t i = 0; i < 180; ++i) {
    const Statistics s = Of(x.values.data() + i / 45 * 45, 45, 1e-5);
    const size_t channel = i / 15 % 6;
    ASSERT_NEAR(y[i], (x.values[i] - s.mean) / s.deviation * scale.values[channel] + bias.values[channel], 2e-4);
  }
}

}  // namespace
}  // namespace webinfer::testing
