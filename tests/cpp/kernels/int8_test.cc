// Products and convolutions of bytes against loops over integers: exact for every dot product, sign and zero point.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "kernels/int8_conv.h"
#include "kernels/int8_gemm.h"

namespace webinfer::kernels {
namespace {

// Native builds imitate every dot; WebAssembly has none, or the machine's.
std::vector<Int8Dot> Dots() {
#ifdef __wasm_simd128__
  return {Int8Dot::kWiden, ProbeInt8Dot()};
#else
  return {Int8Dot::kWiden, Int8Dot::kUnsigned, Int8Dot::kSigned};
#endif
}

std::vector<uint8_t> Bytes(size_t count, uint32_t seed) {
  std::mt19937 generator(seed);
  std::vector<uint8_t> bytes(count + 64);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(generator());
  // Extremes, next to each other: what saturating dot products get wrong.
  for (size_t i = 0; i < count / 3; ++i) bytes[i] = bytes[i] < 128 ? 127 : 255;
  return bytes;
}

int At(const std::vector<uint8_t>& bytes, bool is_signed, size_t i) {
  return is_signed ? static_cast<int8_t>(bytes[i]) : bytes[i];
}

// The three kinds of output for a sum, as the operators define them.
struct Expected {
  Int8Output output;

  int32_t Sum(int32_t sum, int column) const { return sum + (output.bias != nullptr ? output.bias[column] : 0); }
  float Float(int32_t sum, int column) const {
    return static_cast<float>(sum) * output.scale[output.per_column ? column : 0] + output.float_bias[column];
  }
  int Byte(int32_t sum, int column) const {
    const float scaled = static_cast<float>(Sum(sum, column)) * output.scale[output.per_column ? column : 0];
    const int least = output.is_signed ? -128 : 0;
    const float rounded = std::nearbyint(std::fmin(std::fmax(scaled, -1e6f), 1e6f)) + static_cast<float>(output.zero_point);
    return static_cast<int>(
        std::fmin(std::fmax(rounded, static_cast<float>(least + output.low)), static_cast<float>(least + output.high)));
  }
};

struct OutputCase {
  Int8Output output;
  std::vector<int32_t> bias;
  std::vector<float> scale, float_bias;

  OutputCase(Int8Output::Kind kind, int columns, int k, uint32_t seed) {
    std::mt19937 generator(seed);
    for (int i = 0; i < columns; ++i) {
      bias.push_back(static_cast<int32_t>(generator() % 20001) - 10000);
      scale.push_back((0.5f + static_cast<float>(generator() % 100) / 50) * 90 / (9000 * std::sqrt(static_cast<float>(k))));
      float_bias.push_back(static_cast<float>(generator() % 100) / 10);
    }
    output.kind = kind;
    if (kind != Int8Output::Kind::kFloat && seed % 2 == 0) output.bias = bias.data();
    output.scale = scale.data();
    output.per_column = seed % 3 != 0;
    if (kind == Int8Output::Kind::kFloat) output.float_bias = float_bias.data();
    output.is_signed = seed % 4 < 2;
    output.zero_point = output.is_signed ? -5 : 131;
    if (seed % 5 == 0) output.low = 128;
    if (seed % 7 == 0) output.scale = &(scale[0] = 1000);  // sums beyond what the rounding trick takes
    if (seed % 7 == 0) output.per_column = false;
  }
};

void ExpectOutputs(const Int8Output& output, const std::vector<int32_t>& sums, int columns, const std::vector<uint8_t>& y) {
  const Expected expected{output};
  for (size_t i = 0; i < sums.size(); ++i) {
    const int column = static_cast<int>(i) % columns;
    switch (output.kind) {
      case Int8Output::Kind::kInt32:
        ASSERT_EQ(reinterpret_cast<const int32_t*>(y.data())[i], expected.Sum(sums[i], column)) << "at " << i;
        break;
      case Int8Output::Kind::kFloat:
        ASSERT_EQ(reinterpret_cast<const float*>(y.data())[i], expected.Float(sums[i], column)) << "at " << i;
        break;
      case Int8Output::Kind::kByte: ASSERT_EQ(At(y, output.is_signed, i), expected.Byte(sums[i], column)) << "at " << i; break;
    }
  }
}

struct Signs {
  bool a, b, b_zeros;
};
constexpr Signs kSigns[] = {
    {false, true, false}, {true, true, false}, {false, false, true}, {true, false, true}, {false, true, true}};
constexpr Int8Output::Kind kKinds[] = {Int8Output::Kind::kInt32, Int8Output::Kind::kFloat, Int8Output::Kind::kByte};

void CheckGemm(int m, int n, int k, Int8Dot dot, const Signs& signs, Int8Output::Kind kind, int threads) {
  const auto seed = static_cast<uint32_t>(m * 31 + n * 7 + k);
  SCOPED_TRACE(testing::Message() << m << "x" << k << "x" << n << " dot " << static_cast<int>(dot) << " signs " << signs.a
                                  << signs.b << " kind " << static_cast<int>(kind) << " threads " << threads);
  const auto a = Bytes(static_cast<size_t>(m * k), seed), b = Bytes(static_cast<size_t>(n * k), seed + 1),
             zeros = Bytes(static_cast<size_t>(n), seed + 2);
  const OutputCase output(kind, n, k, seed);
  const int a_zero = signs.a ? -3 : 77;
  std::vector<int32_t> sums;
  for (int i = 0; i < m; ++i) {
    for (int j = 0; j < n; ++j) {
      int32_t sum = 0;
      const int zero = signs.b_zeros ? At(zeros, signs.b, static_cast<size_t>(j)) : 0;
      for (int x = 0; x < k; ++x) {
        sum +=
            (At(a, signs.a, static_cast<size_t>(i * k + x)) - a_zero) * (At(b, signs.b, static_cast<size_t>(x * n + j)) - zero);
      }
      sums.push_back(sum);
    }
  }
  std::vector<uint8_t> packed(PackedInt8Bytes(k, n)), y(sums.size() * 4);
  PackInt8({b.data(), signs.b, 1, static_cast<size_t>(n), 0, 1}, k, n, dot, packed.data());
  Int8Gemm gemm;
  gemm.a = a.data();
  gemm.a_signed = signs.a;
  gemm.a_stride = static_cast<size_t>(k);
  gemm.a_zero = a_zero;
  gemm.b = Int8WeightsAt(packed.data(), k, n, dot);
  gemm.b_signed = signs.b;
  if (signs.b_zeros) gemm.b_zero = zeros.data();
  gemm.b_zero_per_column = true;
  gemm.c = y.data();
  gemm.c_stride = static_cast<size_t>(n);
  gemm.m = m;
  gemm.n = n;
  gemm.k = k;
  gemm.output = output.output;
  std::vector<uint8_t> scratch(Int8GemmScratch(m, n, k, threads));
  ThreadPool pool(threads);
  RunInt8Gemm(gemm, scratch.data(), pool);
  ExpectOutputs(output.output, sums, n, y);
}

TEST(Int8, GemmOfEveryTail) {
  for (Int8Dot dot : Dots()) {
    for (const Signs& signs : kSigns) {
      for (int m : {1, 2, 3, 5, 6, 7, 11, 50}) {
        for (int n : {1, 7, 8, 12, 50}) {
          const int k = 1 + (m * n) % 23;
          CheckGemm(m, n, k, dot, signs, kKinds[(m + n) % 3], 1);
          if (testing::Test::HasFatalFailure()) return;
        }
      }
    }
  }
}

TEST(Int8, LargeGemmInThreads) {
  for (Int8Dot dot : Dots()) {
    for (Int8Output::Kind kind : kKinds) {
      CheckGemm(1, 600, 300, dot, kSigns[0], kind, 3);
      CheckGemm(1, 1301, 1000, dot, kSigns[1], kind, 1);  // more of b than caches hold: in streams
      CheckGemm(70, 130, 65, dot, kSigns[3], kind, 3);
    }
  }
}

void CheckConv(ConvGeometry g, Int8Dot dot, const Signs& signs, Int8Output::Kind kind) {
  for (int i = 0; i < 3; ++i) g.out[i] = (g.in[i] + 2 * g.pad[i] - (g.kernel[i] - 1) * g.dilation[i] - 1) / g.stride[i] + 1;
  const auto seed = static_cast<uint32_t>(g.channels + g.filters + g.in[2] * 5 + g.kernel[2]);
  SCOPED_TRACE(testing::Message() << "in " << g.in[1] << "x" << g.in[2] << "x" << g.channels << " filters " << g.filters
                                  << " kernel " << g.kernel[1] << " stride " << g.stride[1] << " group " << g.group << " dot "
                                  << static_cast<int>(dot) << " signs " << signs.a << signs.b << signs.b_zeros << " kind "
                                  << static_cast<int>(kind));
  const int depth = g.group_channels(), taps = g.taps();
  const auto x = Bytes(static_cast<size_t>(g.batch * g.in[1] * g.in[2] * g.channels), seed),
             w = Bytes(static_cast<size_t>(g.filters * taps * depth), seed + 1),
             zeros = Bytes(static_cast<size_t>(g.filters), seed + 2);
  const OutputCase output(kind, g.filters, taps * depth, seed);
  const int x_zero = signs.a ? 9 : 200;
  std::vector<int32_t> sums;
  for (int image = 0; image < g.batch; ++image) {
    for (int oy = 0; oy < g.out[1]; ++oy) {
      for (int ox = 0; ox < g.out[2]; ++ox) {
        for (int f = 0; f < g.filters; ++f) {
          int32_t sum = 0;
          const int zero = signs.b_zeros ? At(zeros, signs.b, static_cast<size_t>(f)) : 0, group = f / g.group_filters();
          for (int tap = 0; tap < taps; ++tap) {
            const int y = oy * g.stride[1] - g.pad[1] + tap / g.kernel[2] * g.dilation[1];
            const int at = ox * g.stride[2] - g.pad[2] + tap % g.kernel[2] * g.dilation[2];
            if (y < 0 || y >= g.in[1] || at < 0 || at >= g.in[2]) continue;
            for (int c = 0; c < depth; ++c) {
              const int value =
                  At(x, signs.a, static_cast<size_t>(((image * g.in[1] + y) * g.in[2] + at) * g.channels + group * depth + c));
              sum += (value - x_zero) * (At(w, signs.b, static_cast<size_t>((f * depth + c) * taps + tap)) - zero);
            }
          }
          sums.push_back(sum);
        }
      }
    }
  }
  std::vector<uint8_t> packed(PackedInt8ConvBytes(g)), y(sums.size() * 4 + 16);
  Int8Conv conv;
  conv.geometry = g;
  conv.x = x.data();
  conv.x_signed = signs.a;
  conv.x_zero = x_zero;
  conv.filters = {w.data(), signs.b, signs.b_zeros ? zeros.data() : nullptr, true};
  PackInt8Conv(g, conv.filters, dot, packed.data());
  conv.packed = packed.data();
  conv.dot = dot;
  conv.y = y.data();
  conv.output = output.output;
  std::vector<uint8_t> scratch(Int8ConvScratch(g, 2));
  ThreadPool pool(2);
  RunInt8Conv(conv, scratch.data(), pool);
  ExpectOutputs(output.output, sums, g.filters, y);
}

ConvGeometry Geometry(int size, int channels, int filters, int kernel, int stride, int group = 1, int dilation = 1) {
  ConvGeometry g;
  g.batch = 2;
  g.channels = channels;
  g.filters = filters;
  g.group = group;
  for (int i = 1; i < 3; ++i) {
    g.in[i] = size + i;
    g.kernel[i] = kernel;
    g.stride[i] = stride;
    g.dilation[i] = dilation;
    g.pad[i] = (kernel - 1) * dilation / 2;
  }
  return g;
}

TEST(Int8, Convolution) {
  const ConvGeometry cases[] = {Geometry(6, 3, 16, 3, 2),    Geometry(7, 16, 24, 1, 1),   Geometry(5, 13, 9, 3, 1),
                                Geometry(9, 8, 8, 5, 2),     Geometry(6, 12, 8, 3, 1, 4), Geometry(8, 6, 10, 3, 1, 2, 2),
                                Geometry(7, 10, 6, 1, 1, 2), Geometry(7, 5, 11, 1, 2)};
  int i = 0;
  for (const ConvGeometry& g : cases) {
    for (Int8Dot dot : Dots()) {
      for (const Signs& signs : kSigns) CheckConv(g, dot, signs, kKinds[++i % 3]);
    }
  }
}

TEST(Int8, DepthwiseConvolution) {
  const ConvGeometry cases[] = {Geometry(6, 16, 16, 3, 1, 16), Geometry(7, 13, 13, 3, 2, 13), Geometry(9, 24, 24, 5, 1, 24),
                                Geometry(8, 8, 8, 3, 1, 8, 2), Geometry(5, 9, 9, 1, 1, 9)};
  int i = 0;
  for (const ConvGeometry& g : cases) {
    for (Int8Dot dot : Dots()) {
      for (const Signs& signs : kSigns) CheckConv(g, dot, signs, kKinds[++i % 3]);
    }
  }
}

}  // namespace
}  // namespace webinfer::kernels
