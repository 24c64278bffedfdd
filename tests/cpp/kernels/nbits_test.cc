#include "kernels/nbits.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace webinfer::kernels {
namespace {

enum class Zeros { kNone, kCodes, kFloats };

struct Case {
  int m, n, k, block = 32, bits = 4;
  Zeros zeros = Zeros::kNone;
  bool bias = false, int8 = false, table = false, high_first = false;
};

constexpr float kTable[16] = {-1,    -0.7f, -0.53f, -0.4f, -0.28f, -0.18f, -0.09f, 0,
                              0.08f, 0.16f, 0.25f,  0.34f, 0.44f,  0.56f,  0.72f,  1};

// Code i of `count`, as onnxruntime's documentation lays them out.
int CodeAt(const uint8_t* bytes, int i, int count, int bits) {
  const auto read = [&](const uint8_t* from, int width) {
    int code = 0;
    for (int bit = 0; bit < width; ++bit) code |= (from[(i * width + bit) / 8] >> ((i * width + bit) % 8) & 1) << bit;
    return code;
  };
  switch (bits) {
    case 3: return read(bytes, 1) << 2 | read(bytes + CodeBytes(count, 1), 2);
    case 5: return read(bytes, 1) << 4 | read(bytes + CodeBytes(count, 1), 4);
    case 6: return read(bytes, 2) << 4 | read(bytes + CodeBytes(count, 2), 4);
    case 7:
      return read(bytes, 1) << 6 | read(bytes + CodeBytes(count, 1), 2) << 4 |
             read(bytes + CodeBytes(count, 1) + CodeBytes(count, 2), 4);
    default: return read(bytes, bits);
  }
}

void Check(const Case& c) {
  SCOPED_TRACE(testing::Message() << c.m << "x" << c.n << "x" << c.k << " block " << c.block << " bits " << c.bits << " zeros "
                                  << static_cast<int>(c.zeros) << (c.int8 ? " int8" : ""));
  NBitsGemm g;
  g.m = c.m;
  g.n = c.n;
  g.k = c.k;
  g.block = c.block;
  g.bits = c.bits;
  g.zeros = c.zeros != Zeros::kNone;
  g.int8 = c.int8;
  if (c.table) g.table = kTable;
  const auto blocks = static_cast<size_t>(g.blocks()), columns = static_cast<size_t>(c.n), depth = static_cast<size_t>(c.k);
  const auto bytes = static_cast<size_t>(CodeBytes(c.block, c.bits)),
             zero_bytes = static_cast<size_t>(CodeBytes(g.blocks(), c.bits));
  std::mt19937 generator(static_cast<uint32_t>(c.m * 1000 + c.n));
  std::uniform_real_distribution<float> uniform(-1, 1);
  const auto floats = [&](size_t count) {
    std::vector<float> values(count + 16);
    for (float& value : values) value = uniform(generator);
    return values;
  };
  const auto x = floats(static_cast<size_t>(c.m) * depth), scales = floats(columns * blocks), bias = floats(columns),
             float_zeros = floats(columns * blocks);
  std::vector<uint8_t> codes(columns * blocks * bytes), zero_codes(columns * zero_bytes);
  for (uint8_t& byte : codes) byte = static_cast<uint8_t>(generator());
  for (uint8_t& byte : zero_codes) byte = static_cast<uint8_t>(generator());
  NBitsWeights weights{codes.data(), scales.data(), c.zeros == Zeros::kCodes ? zero_codes.data() : nullptr,
                       c.zeros == Zeros::kFloats ? float_zeros.data() : nullptr, c.high_first};
  std::vector<uint8_t> packed(PackedNBitsBytes(g) + 16);
  PackNBits(g, weights, packed.data());
  std::vector<float> y(static_cast<size_t>(c.m) * columns + 4, -7);
  std::vector<uint8_t> scratch(NBitsScratchBytes(g, 2));
  g.x = x.data();
  g.packed = packed.data();
  g.y = y.data();
  if (c.bias) g.bias = bias.data();
  ThreadPool pool(2);
  RunNBits(g, scratch.data(), pool);

  std::vector<float> column(depth);
  for (size_t j = 0; j < columns; ++j) {
    ExpandColumn(g, weights, nullptr, static_cast<int>(j), column.data());
    for (size_t i = 0; i < static_cast<size_t>(c.m); ++i) {
      double sum = c.bias ? bias[j] : 0, magnitude = 1;
      for (size_t row = 0; row < depth; ++row) {
        const size_t block = row / static_cast<size_t>(c.block);
        const int in_block = static_cast<int>(row % static_cast<size_t>(c.block));
        const int code = CodeAt(&codes[(j * blocks + block) * bytes], c.high_first ? in_block ^ 1 : in_block, c.block, c.bits);
        const double zero = c.zeros == Zeros::kNone ? 1 << (c.bits - 1)
                            : c.zeros == Zeros::kCodes
                                ? CodeAt(&zero_codes[j * zero_bytes], static_cast<int>(block), g.blocks(), c.bits)
                                : double{float_zeros[j * blocks + block]};
        const double weight = double{scales[j * blocks + block]} * (c.table ? double{kTable[code]} : code - zero);
        ASSERT_NEAR(column[row], weight, 1e-4) << j << ", " << row;
        sum += x[i * depth + row] * weight;
        magnitude += std::fabs(weight);
      }
      ASSERT_NEAR(y[i * columns + j], sum, (c.int8 ? 4e-3 : 2e-6) * magnitude) << i << ", " << j;
    }
  }
  for (size_t i = static_cast<size_t>(c.m) * columns; i < y.size(); ++i) ASSERT_EQ(y[i], -7) << "wrote behind the output";
}

TEST(NBits, FewAndManyRows) {
  for (int m : {1, 2, 4, 9}) {
    for (int n : {1, 5, 8, 12, 40, 83}) {
      for (Zeros zeros : {Zeros::kNone, Zeros::kCodes, Zeros::kFloats}) {
        for (bool int8 : {false, true}) Check({.m = m, .n = n, .k = 96, .zeros = zeros, .bias = n % 2 == 0, .int8 = int8});
      }
    }
  }
}

TEST(NBits, EveryWidth) {
  for (int bits = 1; bits <= 8; ++bits) {
    for (int m : {1, 3, 13, 18}) {
      for (Zeros zeros : {Zeros::kNone, Zeros::kCodes, Zeros::kFloats}) {
        for (bool int8 : {false, true})
          Check({.m = m, .n = 21, .k = 80, .block = 16, .bits = bits, .zeros = zeros, .int8 = int8});
      }
    }
  }
}

TEST(NBits, BlocksThatReachBeyondTheDepth) {
  for (int m : {1, 7, 19}) {
    for (int block : {4, 16, 32, 128}) {
      for (int k : {16, 50, 131, 200}) {
        for (int bits : {2, 4, 8}) {
          for (bool int8 : {false, true})
            Check({.m = m, .n = 20, .k = k, .block = block, .bits = bits, .zeros = Zeros::kCodes, .bias = true, .int8 = int8});
        }
      }
    }
  }
}

TEST(NBits, TableOfValues) {
  for (int m : {1, 6}) {
    for (bool high_first : {false, true}) Check({.m = m, .n = 19, .k = 64, .block = 16, .table = true, .high_first = high_first});
  }
}

}  // namespace
}  // namespace webinfer::kernels
