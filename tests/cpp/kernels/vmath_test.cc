// The stated errors of vmath.h against double, over floats of every exponent and both signs, and the special values.
#include "kernels/vmath.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

namespace webinfer::kernels {
namespace {

using Function = Vec (*)(Vec, const MathConstants&);

float Call(Function function, float x) {
  alignas(16) float lanes[4];
  Store(lanes, function(Splat(x), GetMathConstants()));
  return lanes[0];
}

// The largest error in ulp of the exact value, over results that are normal.
double LargestError(Function function, double (*exact)(double), float low, float high) {
  double largest = 0;
  alignas(16) float in[4], out[4];
  for (uint32_t bits = 0; bits < 0xff800000u - 4 * 1021; bits += 4 * 1021) {
    for (uint32_t i = 0; i < 4; ++i) {
      in[i] = std::bit_cast<float>(bits + i * 1021);
      if (!(in[i] >= low && in[i] <= high)) in[i] = 1;
    }
    Store(out, function(Load(in), GetMathConstants()));
    for (int i = 0; i < 4; ++i) {
      const double want = exact(static_cast<double>(in[i]));
      const double magnitude = std::fabs(want);
      if (!(magnitude >= std::numeric_limits<float>::min()) || magnitude > std::numeric_limits<float>::max()) continue;
      const auto rounded = static_cast<float>(magnitude);
      const double ulp = static_cast<double>(std::nextafter(rounded, INFINITY)) - static_cast<double>(rounded);
      largest = std::max(largest, std::fabs(static_cast<double>(out[i]) - want) / ulp);
    }
  }
  return largest;
}

constexpr float kAll = std::numeric_limits<float>::max();

TEST(VMath, StaysWithinTheStatedUlp) {
  EXPECT_LE(LargestError(Exp, std::exp, -87.3f, kAll), 1.1);
  EXPECT_LE(LargestError(ExpFast, std::exp, -87.3f, 0), 5.0);
  EXPECT_LE(LargestError(Expm1, std::expm1, -kAll, kAll), 3.0);
  EXPECT_LE(LargestError(Log, std::log, 0, kAll), 1.0);
  EXPECT_LE(LargestError(Log1p, std::log1p, -1, kAll), 4.0);
  EXPECT_LE(LargestError(
                Sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }, -87.3f, kAll),
            4.0);
  EXPECT_LE(LargestError(Tanh, std::tanh, -kAll, kAll), 6.0);
  EXPECT_LE(LargestError(Erf, std::erf, -kAll, kAll), 7.0);
  EXPECT_LE(LargestError(
                Silu, [](double x) { return x / (1 + std::exp(-x)); }, -80.0f, kAll),
            5.0);
  for (float x = -8; x <= 8; x += 0.01f) {
    const auto wide = static_cast<double>(x);
    ASSERT_NEAR(Call(Gelu, x), wide * 0.5 * std::erfc(-wide / std::sqrt(2.0)), 2e-6) << x;
  }
}

TEST(VMath, GivesWhatIeeeFunctionsGiveAtTheEdges) {
  const float inf = INFINITY, nan = NAN;
  for (Function f : {Exp, Expm1, Log, Log1p, Sigmoid, Tanh, Erf}) EXPECT_TRUE(std::isnan(Call(f, nan)));
  EXPECT_EQ(Call(Exp, inf), inf);
  EXPECT_EQ(Call(Exp, 89), inf);
  EXPECT_EQ(Call(Exp, -inf), 0);
  EXPECT_EQ(Call(Exp, 0), 1);
  EXPECT_EQ(Call(Expm1, -inf), -1);
  EXPECT_EQ(Call(Expm1, inf), inf);
  EXPECT_TRUE(std::signbit(Call(Expm1, -0.0f)));
  EXPECT_EQ(Call(Log, 0), -inf);
  EXPECT_EQ(Call(Log, inf), inf);
  EXPECT_TRUE(std::isnan(Call(Log, -1)));
  EXPECT_NEAR(Call(Log, 1e-40f), std::log(1e-40), 1e-4);
  EXPECT_EQ(Call(Log1p, -1), -inf);
  EXPECT_EQ(Call(Log1p, inf), inf);
  EXPECT_TRUE(std::isnan(Call(Log1p, -2)));
  EXPECT_EQ(Call(Sigmoid, inf), 1);
  EXPECT_NEAR(Call(Sigmoid, -inf), 0, 1e-37);
  EXPECT_EQ(Call(Tanh, inf), 1);
  EXPECT_EQ(Call(Tanh, -1e30f), -1);
  EXPECT_EQ(Call(Erf, -inf), -1);
  EXPECT_EQ(Call(Erf, 1e30f), 1);
}

}  // namespace
}  // namespace webinfer::kernels
