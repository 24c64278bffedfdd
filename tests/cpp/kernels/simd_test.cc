#include "kernels/simd.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace webinfer::kernels {
namespace {

struct Lanes {
  alignas(16) float f[4];
};
Lanes Of(Vec v) {
  Lanes lanes;
  Store(lanes.f, v);
  return lanes;
}

TEST(Simd, MaddAddsTheProductAndNmaddSubtractsIt) {
  const float a[4] = {1, 2, -3, 4}, b[4] = {5, 6, 7, 0.5f}, c[4] = {10, 20, 30, 40};
  const Lanes sum = Of(Madd(Load(a), Load(b), Load(c))), difference = Of(Nmadd(Load(a), Load(b), Load(c)));
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(sum.f[i], c[i] + a[i] * b[i]);
    EXPECT_EQ(difference.f[i], c[i] - a[i] * b[i]);
  }
}

TEST(Simd, FastMinAndMaxKeepANanOnTheLeftOnly) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(Of(FastMax(Splat(nan), Splat(1))).f[0]));
  EXPECT_EQ(Of(FastMax(Splat(1), Splat(nan))).f[0], 1);
  EXPECT_TRUE(std::isnan(Of(FastMin(Splat(nan), Splat(1))).f[0]));
  EXPECT_EQ(Of(FastMin(Splat(1), Splat(nan))).f[0], 1);
  EXPECT_EQ(Of(FastMin(Splat(1), Splat(-2))).f[0], -2);
}

TEST(Simd, HorizontalOperationsSeeEveryLane) {
  const float values[4] = {1, 20, 300, 4000};
  EXPECT_EQ(HorizontalSum(Load(values)), 4321);
  EXPECT_EQ(HorizontalMax(Load(values)), 4000);
  const int32_t ints[4] = {-1, 20, 300, -4000};
  EXPECT_EQ(HorizontalSumInt(Load(ints)), -3681);
}

TEST(Simd, PartialAccessTouchesOnlyTheCountedLanes) {
  const float from[4] = {1, 2, 3, 4};
  for (int count = 1; count <= 4; ++count) {
    const Lanes loaded = Of(LoadPartial(from, count));
    float to[4] = {-1, -1, -1, -1};
    StorePartial(to, Load(from), count);
    for (int i = 0; i < 4; ++i) {
      EXPECT_EQ(loaded.f[i], i < count ? from[i] : 0) << count;
      EXPECT_EQ(to[i], i < count ? from[i] : -1) << count;
    }
  }
}

TEST(Simd, Transpose4x4SwapsRowsAndColumns) {
  float m[4][4];
  for (int i = 0; i < 16; ++i) m[i / 4][i % 4] = static_cast<float>(i);
  Vec a = Load(m[0]), b = Load(m[1]), c = Load(m[2]), d = Load(m[3]);
  Transpose4x4(a, b, c, d);
  const Lanes rows[4] = {Of(a), Of(b), Of(c), Of(d)};
  for (int i = 0; i < 16; ++i) EXPECT_EQ(rows[i / 4].f[i % 4], m[i % 4][i / 4]);
}

#if WEBINFER_RELAXED || !defined(__wasm_simd128__)
TEST(Simd, RelaxedDotMultipliesSignedBySevenBits) {
  int8_t a[16], b[16];
  int32_t expected[4] = {1, 2, 3, 4}, sum[4] = {1, 2, 3, 4};
  for (int i = 0; i < 16; ++i) {
    a[i] = static_cast<int8_t>(i * 17 - 128);
    b[i] = static_cast<int8_t>(127 - i * 5);
    expected[i / 4] += a[i] * b[i];
  }
  Store(sum, RelaxedDot(Load(a), Load(b), Load(sum)));
  for (int i = 0; i < 4; ++i) EXPECT_EQ(sum[i], expected[i]);
}
#endif

}  // namespace
}  // namespace webinfer::kernels
