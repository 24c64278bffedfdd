#include "kernels/nbits.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace webinfer::kernels {
namespace {

enum class Zeros { kNone, kNibbles, kFloats };

void Check(int m, int n, int k, int block, Zeros zeros, bool with_bias = false) {
  SCOPED_TRACE(testing::Message() << m << "x" << n << "x" << k << " block " << block << " zeros " << static_cast<int>(zeros));
  NBitsGemm g;
  g.m = m;
  g.n = n;
  g.k = k;
  g.block = block;
  const auto blocks = static_cast<size_t>(g.blocks()), columns = static_cast<size_t>(n), bytes = static_cast<size_t>(block / 2);
  std::mt19937 generator(static_cast<uint32_t>(m * 1000 + n));
  std::uniform_real_distribution<float> uniform(-1, 1);
  const auto floats = [&](size_t count) {
    std::vector<float> values(count + 16);
    for (float& value : values) value = uniform(generator);
    return values;
  };
  const auto x = floats(static_cast<size_t>(m) * static_cast<size_t>(k)), scales = floats(columns * blocks),
             bias = floats(columns), float_zeros = floats(columns * blocks);
  std::vector<uint8_t> nibbles(columns * blocks * bytes), zero_nibbles(columns * ((blocks + 1) / 2));
  for (uint8_t& byte : nibbles) byte = static_cast<uint8_t>(generator());
  for (uint8_t& byte : zero_nibbles) byte = static_cast<uint8_t>(generator());
  NBitsWeights weights{nibbles.data(), scales.data(), zeros == Zeros::kNibbles ? zero_nibbles.data() : nullptr,
                       zeros == Zeros::kFloats ? float_zeros.data() : nullptr};
  std::vector<uint8_t> packed(PackedNBitsBytes(g));
  PackNBits(g, weights, packed.data());
  std::vector<float> y(static_cast<size_t>(m) * columns + 4, -7), scratch(NBitsScratchFloats(g, 2));
  g.x = x.data();
  g.packed = packed.data();
  g.y = y.data();
  if (with_bias) g.bias = bias.data();
  ThreadPool pool(2);
  RunNBits(g, scratch.data(), pool);

  for (size_t i = 0; i < static_cast<size_t>(m); ++i) {
    for (size_t j = 0; j < columns; ++j) {
      double sum = with_bias ? bias[j] : 0, magnitude = 1;
      for (size_t row = 0; row < static_cast<size_t>(k); ++row) {
        const size_t at = row / static_cast<size_t>(block), in_block = row % static_cast<size_t>(block);
        const uint8_t byte = nibbles[(j * blocks + at) * bytes + in_block / 2];
        const uint8_t zero_byte = zero_nibbles[j * ((blocks + 1) / 2) + at / 2];
        const double zero = zeros == Zeros::kNone      ? 8
                            : zeros == Zeros::kNibbles ? (at % 2 == 0 ? zero_byte & 15 : zero_byte >> 4)
                                                       : double{float_zeros[j * blocks + at]};
        const double product = (in_block % 2 == 0 ? byte & 15 : byte >> 4) - zero;
        sum += x[i * static_cast<size_t>(k) + row] * double{scales[j * blocks + at]} * product;
        magnitude += std::fabs(product);
      }
      ASSERT_NEAR(y[i * columns + j], sum, 1e-6 * magnitude) << i << ", " << j;
    }
  }
  for (size_t i = static_cast<size_t>(m) * columns; i < y.size(); ++i) ASSERT_EQ(y[i], -7) << "wrote behind the output";
}

TEST(NBits, FewAndManyRows) {
  for (int m : {1, 2, 4, 9}) {
    for (int n : {1, 5, 8, 12, 40, 83}) {
      for (Zeros zeros : {Zeros::kNone, Zeros::kNibbles, Zeros::kFloats}) Check(m, n, 96, 32, zeros, n % 2 == 0);
    }
  }
}

TEST(NBits, BlocksThatReachBeyondTheDepth) {
  for (int m : {1, 7}) {
    for (int block : {16, 32, 128}) {
      for (int k : {16, 50, 131, 200}) Check(m, 20, k, block, Zeros::kNibbles, true);
    }
  }
}

}  // namespace
}  // namespace webinfer::kernels
