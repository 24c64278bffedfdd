#include "base/float16.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace webinfer {
namespace {

// The value by IEEE 754's definition.
double HalfValue(uint16_t bits) {
  const int exponent = bits >> 10 & 31, mantissa = bits & 1023;
  const double sign = bits & 0x8000 ? -1 : 1;
  if (exponent == 31) return mantissa != 0 ? NAN : sign * INFINITY;
  return sign * (exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25));
}

TEST(Half, EveryValueIsExactAndComesBack) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    const float value = HalfToFloat(half);
    if (std::isnan(HalfValue(half))) {
      EXPECT_TRUE(std::isnan(value)) << bits;
      continue;
    }
    ASSERT_EQ(value, HalfValue(half)) << bits;
    ASSERT_EQ(FloatToHalf(value), half) << bits;
  }
}

TEST(Half, RoundsToTheNearestAndTiesToEven) {
  for (uint32_t bits = 0; bits < 0x7bff; ++bits) {
    const double low = HalfValue(static_cast<uint16_t>(bits)), high = HalfValue(static_cast<uint16_t>(bits + 1));
    const auto middle = static_cast<float>((low + high) / 2);  // exact
    const auto even = static_cast<uint16_t>(bits % 2 == 0 ? bits : bits + 1);
    ASSERT_EQ(FloatToHalf(middle), even) << bits;
    ASSERT_EQ(FloatToHalf(std::nextafterf(middle, 0)), bits);
    ASSERT_EQ(FloatToHalf(std::nextafterf(middle, INFINITY)), bits + 1);
  }
  EXPECT_EQ(FloatToHalf(65519.99f), 0x7bff);
  EXPECT_EQ(FloatToHalf(65520.0f), 0x7c00);
  EXPECT_EQ(FloatToHalf(-1e-8f), 0x8000);
}

TEST(Bfloat, RoundsToTheNearestAndTiesToEven) {
  EXPECT_EQ(BfloatToFloat(0x3f80), 1.0f);
  EXPECT_EQ(FloatToBfloat(1.0f + 0x1p-8f), 0x3f80);            // a tie, to even
  EXPECT_EQ(FloatToBfloat(1.0f + 0x1p-7f + 0x1p-8f), 0x3f82);  // a tie, to even
  EXPECT_EQ(FloatToBfloat(1.0f + 0x1p-8f + 0x1p-20f), 0x3f81);
  EXPECT_TRUE(std::isnan(BfloatToFloat(FloatToBfloat(std::numeric_limits<float>::quiet_NaN()))));
  EXPECT_EQ(BfloatToFloat(FloatToBfloat(std::numeric_limits<float>::max())), INFINITY);
}

}  // namespace
}  // namespace webinfer
