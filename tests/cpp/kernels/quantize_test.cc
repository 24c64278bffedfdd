// The byte paths of quantisation against the definition, element by element.
#include "kernels/quantize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace webinfer::kernels {
namespace {

template <typename T>
void Check(DType dtype, int zero) {
  constexpr int kCount = 1030;
  std::vector<float> x(kCount + 16), back(kCount + 16);
  std::vector<T> q(kCount + 16);
  const float scale = 0.05f;
  const T zero_point = static_cast<T>(zero);
  for (int i = 0; i < kCount; ++i) x[static_cast<size_t>(i)] = static_cast<float>(i - 515) * 0.025f;  // every second is a tie
  x[0] = 1e30f;
  x[1] = -1e30f;
  Quantization how;
  how.view = {1, 1, kCount};
  ThreadPool pool(1);
  const Numbers scales = {DType::kFloat32, &scale}, zeros = {dtype, &zero_point};
  Quantize(how, {DType::kFloat32, x.data()}, scales, zeros, {dtype, q.data()}, pool);
  Dequantize(how, {dtype, q.data()}, scales, zeros, {DType::kFloat32, back.data()}, pool);
  for (size_t i = 0; i < kCount; ++i) {
    const float exact = std::nearbyint(x[i] / scale) + static_cast<float>(zero);
    const float want =
        std::clamp(exact, static_cast<float>(std::numeric_limits<T>::min()), static_cast<float>(std::numeric_limits<T>::max()));
    ASSERT_EQ(static_cast<float>(q[i]), want) << i;
    ASSERT_EQ(back[i], (static_cast<float>(q[i]) - static_cast<float>(zero)) * scale) << i;
  }
}

TEST(Quantize, BytesRoundToEvenAndSaturate) {
  Check<uint8_t>(DType::kUint8, 100);
  Check<int8_t>(DType::kInt8, -7);
  Check<int16_t>(DType::kInt16, 1000);
}

}  // namespace
}  // namespace webinfer::kernels
