#include "kernels/int8_elementwise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace webinfer::kernels {
namespace {

int ByteOf(uint8_t byte, bool is_signed) { return is_signed ? static_cast<int8_t>(byte) : byte; }

float Real(uint8_t byte, const ByteScale& s) { return static_cast<float>(ByteOf(byte, s.is_signed) - s.zero_point) * s.scale; }

int Quantized(float x, const ByteScale& s, int low = 0, int high = 255) {
  const float least = s.is_signed ? -128.0f : 0.0f;
  const float byte = std::nearbyint(x / s.scale) + static_cast<float>(s.zero_point);
  return static_cast<int>(std::fmin(std::fmax(byte, least + static_cast<float>(low)), least + static_cast<float>(high)));
}

constexpr ByteScale kScales[] = {{0.1f, 128, false}, {0.037f, -7, true}};

TEST(Int8Elementwise, AddsWithinBounds) {
  std::vector<uint8_t> a, b;
  for (int i = 0; i < 256; ++i) {
    for (int j = 0; j < 256; j += 5) {
      a.push_back(static_cast<uint8_t>(i));
      b.push_back(static_cast<uint8_t>(j));
    }
  }
  const size_t count = a.size() - 3;
  a.resize(a.size() + 16);
  b.resize(b.size() + 16);
  std::vector<uint8_t> y(count + 1, 77);
  AddBytes(a.data(), kScales[0], b.data(), kScales[1], count, kScales[1], 100, 200, y.data());
  for (size_t i = 0; i < count; ++i) {
    ASSERT_EQ(ByteOf(y[i], true), Quantized(Real(a[i], kScales[0]) + Real(b[i], kScales[1]), kScales[1], 100, 200)) << i;
  }
  EXPECT_EQ(y[count], 77);
}

TEST(Int8Elementwise, RangeHoldsZero) {
  const std::vector<float> x = {3, 2, 5, 1, 4, 7, 0.5f};
  EXPECT_EQ(RangeWithZero(x.data(), 7).low, 0);
  EXPECT_EQ(RangeWithZero(x.data(), 7).high, 7);
  const std::vector<float> negative = {-3, -2, -8};
  EXPECT_EQ(RangeWithZero(negative.data(), 3).low, -8);
  EXPECT_EQ(RangeWithZero(negative.data(), 2).low, -3);
  EXPECT_EQ(RangeWithZero(negative.data(), 3).high, 0);
}

}  // namespace
}  // namespace webinfer::kernels
