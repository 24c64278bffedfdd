// Our kernels against XNNPACK's over hundreds of drawn shapes: whatever the two do not share in how they cut, pad and pack shows
// here. An executable of its own (test_kernels_xnnpack); without XNNPACK's sources its one test is skipped.
#include <gtest/gtest.h>

#ifndef WEBINFER_HAS_XNNPACK

TEST(Xnnpack, Available) { GTEST_SKIP() << "XNNPACK's sources could not be obtained (third_party/xnnpack/ensure says why)"; }

#else

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "kernels/conv.h"
#include "kernels/depthwise.h"
#include "kernels/gemm.h"
#include "kernels/int8_conv.h"
#include "kernels/pool.h"
#include "kernels/winograd.h"
#include "operators.h"

namespace webinfer::kernels {
namespace {

constexpr xnnpack::Range kRange{-0.75f, 1.25f};  // clamps that both sides apply

class Draw {
 public:
  explicit Draw(uint32_t seed) : generator_(seed) {}
  int Int(int low, int high) { return std::uniform_int_distribution<int>(low, high)(generator_); }
  template <size_t kCount>
  int Of(const int (&values)[kCount]) {
    return values[Int(0, static_cast<int>(kCount) - 1)];
  }
  std::vector<float> Floats(size_t count) {
    std::uniform_real_distribution<float> uniform(-1, 1);
    std::vector<float> values(count + xnnpack::kReadSlack);
    for (float& value : values) value = uniform(generator_);
    return values;
  }

 private:
  std::mt19937 generator_;
};

Epilogue ClampedWith(const float* bias) {
  Epilogue epilogue;
  epilogue.bias = bias;
  epilogue.activation = Activation::kClip;
  epilogue.alpha = kRange.low;
  epilogue.beta = kRange.high;
  return epilogue;
}

// Sums of `depth` products of values below one: the rounding errors of two orders of summation.
double Tolerance(int depth) { return 2e-7 * (4 + std::sqrt(depth) * std::log2(depth + 2)); }

void ExpectNear(const std::vector<float>& ours, const std::vector<float>& theirs, size_t count, double tolerance) {
  for (size_t i = 0; i < count; ++i) ASSERT_NEAR(ours[i], theirs[i], tolerance) << "at " << i << " of " << count;
}

// A convolution both ways. XNNPACK wants the taps before the channels.
struct ConvCase {
  ConvGeometry g;
  xnnpack::Image image;
  xnnpack::Window window;
  std::vector<float> x, weights, bias, expected;

  size_t outputs() const { return static_cast<size_t>(g.pixels()) * static_cast<size_t>(g.filters); }
};

// Fills in what follows from the drawn geometry. False if the window is larger than the padded image.
bool PlaceWindow(ConvCase& c, Draw& draw) {
  ConvGeometry& g = c.g;
  c.image = {g.batch, g.in[1], g.in[2], g.channels};
  for (int i = 0; i < 2; ++i) {
    xnnpack::Window& w = c.window;
    w.kernel[i] = g.kernel[i + 1];
    w.stride[i] = g.stride[i + 1];
    w.dilation[i] = g.dilation[i + 1];
    w.pad_begin[i] = g.pad[i + 1];
    const int room = g.in[i + 1] + w.pad_begin[i] + w.pad_end[i] - (w.kernel[i] - 1) * w.dilation[i] - 1;
    if (room < 0) return false;
    g.out[i + 1] = room / w.stride[i] + 1;
  }
  c.x = draw.Floats(static_cast<size_t>(g.batch * g.in[1] * g.in[2] * g.channels));
  c.expected.assign(c.outputs(), 0);
  return true;
}

bool Complete(ConvCase& c, Draw& draw) {
  if (!PlaceWindow(c, draw)) return false;
  const ConvGeometry& g = c.g;
  const size_t taps = static_cast<size_t>(g.taps()), depth = static_cast<size_t>(g.group_channels()),
               filters = static_cast<size_t>(g.filters);
  c.weights = draw.Floats(filters * taps * depth);
  c.bias = draw.Floats(filters);
  std::vector<float> transposed(c.weights.size());
  for (size_t f = 0; f < filters; ++f) {
    for (size_t channel = 0; channel < depth; ++channel) {
      for (size_t tap = 0; tap < taps; ++tap)
        transposed[(f * taps + tap) * depth + channel] = c.weights[(f * depth + channel) * taps + tap];
    }
  }
  const xnnpack::Operator theirs = xnnpack::ConvF32(c.image, c.window, g.filters, g.group, transposed.data(), c.bias.data(),
                                                    kRange, c.x.data(), c.expected.data());
  EXPECT_TRUE(theirs.ok());
  if (!theirs.ok()) return false;
  theirs.Run();
  return true;
}

using PackedSize = size_t (*)(const ConvGeometry&);
using Pack = void (*)(const ConvGeometry&, const float*, float*);
using ScratchSize = size_t (*)(const ConvGeometry&, int);
using RunKernel = void (*)(const ConvGeometry&, const float*, const float*, float*, const Epilogue&, float*, ThreadPool&);

testing::Message Describe(const ConvGeometry& g) {
  return testing::Message() << "image " << g.batch << "x" << g.in[1] << "x" << g.in[2] << "x" << g.channels << ", filters "
                            << g.filters << ", group " << g.group << ", kernel " << g.kernel[1] << "x" << g.kernel[2]
                            << ", stride " << g.stride[1] << "x" << g.stride[2] << ", dilation " << g.dilation[1] << "x"
                            << g.dilation[2] << ", pad " << g.pad[1] << "x" << g.pad[2];
}

void ExpectSame(const ConvCase& c, PackedSize packed_size, Pack pack, ScratchSize scratch_size, RunKernel run, double tolerance) {
  const ConvGeometry& g = c.g;
  SCOPED_TRACE(Describe(g));
  ThreadPool pool(1);
  std::vector<float> packed(packed_size(g)), scratch(scratch_size(g, 1)), y(c.outputs() + 16, 0);
  pack(g, c.weights.data(), packed.data());
  run(g, c.x.data(), packed.data(), y.data(), ClampedWith(c.bias.data()), scratch.data(), pool);
  ExpectNear(y, c.expected, c.outputs(), tolerance);
}

ConvCase DrawConv(Draw& draw) {
  ConvCase c;
  ConvGeometry& g = c.g;
  g.batch = draw.Int(1, 2);
  for (int i = 1; i < 3; ++i) {
    g.in[i] = draw.Int(1, 14);
    g.kernel[i] = draw.Of({1, 1, 2, 3, 3, 4, 5, 7});
    g.stride[i] = draw.Of({1, 1, 2, 3});
    g.dilation[i] = draw.Of({1, 1, 2});
    g.pad[i] = draw.Int(0, g.kernel[i] - 1);
    c.window.pad_end[i - 1] = draw.Int(0, g.kernel[i] - 1);
  }
  return c;
}

TEST(Xnnpack, Convolution) {
  Draw draw(1);
  int compared = 0;
  while (compared < 400) {
    ConvCase c = DrawConv(draw);
    c.g.group = draw.Of({1, 1, 1, 2, 3});
    c.g.channels = c.g.group * draw.Of({1, 2, 3, 4, 5, 8, 9, 12, 16, 33});
    c.g.filters = c.g.group * draw.Of({1, 2, 3, 4, 7, 8, 9, 16, 17, 24, 41});
    if (!Complete(c, draw)) continue;
    ++compared;
    ExpectSame(c, PackedConvFloats, PackConvWeights, ConvScratchFloats, RunConv, Tolerance(c.g.taps() * c.g.group_channels()));
    if (HasFatalFailure()) return;
  }
}

TEST(Xnnpack, DepthwiseConvolution) {
  Draw draw(2);
  int compared = 0;
  while (compared < 300) {
    ConvCase c = DrawConv(draw);
    c.g.group = c.g.channels = c.g.filters = draw.Of({2, 3, 4, 5, 7, 8, 12, 13, 16, 32, 35});
    if (!Complete(c, draw)) continue;
    ++compared;
    ASSERT_TRUE(IsDepthwise(c.g));
    ExpectSame(c, PackedDepthwiseFloats, PackDepthwiseWeights, DepthwiseScratchFloats, RunDepthwise, Tolerance(c.g.taps()));
    if (HasFatalFailure()) return;
  }
}

TEST(Xnnpack, WinogradConvolution) {
  Draw draw(3);
  int compared = 0;
  while (compared < 100) {
    ConvCase c;
    for (int i = 1; i < 3; ++i) {
      c.g.in[i] = draw.Int(5, 20);
      c.g.kernel[i] = 3;
      c.g.pad[i] = draw.Int(0, 1);
      c.window.pad_end[i - 1] = draw.Int(0, 1);
    }
    c.g.batch = draw.Int(1, 2);
    c.g.channels = draw.Of({16, 20, 32, 36});
    c.g.filters = draw.Of({16, 20, 24, 40});
    if (!Complete(c, draw)) continue;
    ++compared;
    ASSERT_TRUE(AllowsWinograd(c.g));
    ExpectSame(c, PackedWinogradFloats, PackWinogradWeights, WinogradScratchFloats, RunWinograd,
               4 * Tolerance(c.g.taps() * c.g.channels));
    if (HasFatalFailure()) return;
  }
}

void ExpectSamePool(PoolKind kind, uint32_t seed) {
  Draw draw(seed);
  int compared = 0;
  while (compared < 150) {
    ConvCase c = DrawConv(draw);
    c.g.channels = c.g.filters = draw.Of({1, 3, 4, 8, 13, 32, 40, 67});
    // XNNPACK clamps coordinates instead of skipping them, which is the same without dilation only, and takes rows between two
    // borders that low images do not have.
    for (int i = 1; i < 3; ++i) {
      c.g.dilation[i] = 1;
      c.g.in[i] += c.g.kernel[i];
    }
    if (c.g.kernel[1] * c.g.kernel[2] == 1 || !PlaceWindow(c, draw)) continue;
    const xnnpack::Operator theirs = kind == PoolKind::kMax
                                         ? xnnpack::MaxPoolF32(c.image, c.window, c.x.data(), c.expected.data())
                                         : xnnpack::AveragePoolF32(c.image, c.window, c.x.data(), c.expected.data());
    if (!theirs.ok()) continue;  // a stride beyond the window, for one
    ++compared;
    theirs.Run();
    SCOPED_TRACE(Describe(c.g));
    Pool pool;
    pool.geometry = c.g;
    pool.kind = kind;
    for (size_t i = 0; i < 2; ++i) pool.pad_end[i + 1] = c.window.pad_end[i];
    std::vector<float> y(c.outputs() + 16);
    std::vector<char> scratch(PoolScratchBytes(pool, 1));
    ThreadPool threads(1);
    RunPool(pool, c.x.data(), y.data(), scratch.data(), threads);
    ExpectNear(y, c.expected, c.outputs(), kind == PoolKind::kMax ? 0 : 1e-6);
    if (testing::Test::HasFatalFailure()) return;
  }
}

TEST(Xnnpack, MaxPool) { ExpectSamePool(PoolKind::kMax, 5); }
TEST(Xnnpack, AveragePool) { ExpectSamePool(PoolKind::kAverage, 6); }

// Signed bytes with a scale per filter, or unsigned ones with zero points everywhere.
void ExpectSameInt8Conv(bool is_signed, bool depthwise, uint32_t seed) {
  Draw draw(seed);
  int compared = 0;
  while (compared < 150) {
    ConvCase c = DrawConv(draw);
    ConvGeometry& g = c.g;
    g.group = depthwise ? draw.Of({2, 5, 8, 24, 35}) : draw.Of({1, 1, 2});
    g.channels = g.group * (depthwise ? 1 : draw.Of({1, 3, 4, 8, 17}));
    g.filters = g.group * (depthwise ? 1 : draw.Of({2, 7, 8, 12, 33}));
    if (!PlaceWindow(c, draw)) continue;
    ++compared;
    const size_t taps = static_cast<size_t>(g.taps()), depth = static_cast<size_t>(g.group_channels()),
                 filters = static_cast<size_t>(g.filters);
    const auto bytes = [&](size_t count) {
      std::vector<uint8_t> values(count + xnnpack::kReadSlack);
      // Not the least one: XNNPACK's weights are symmetric.
      for (uint8_t& value : values) value = static_cast<uint8_t>(draw.Int(1, 255) ^ (is_signed ? 0x80 : 0));
      return values;
    };
    const auto x = bytes(c.x.size()), weights = bytes(filters * taps * depth);
    std::vector<uint8_t> transposed(weights.size());
    for (size_t f = 0; f < filters; ++f) {
      for (size_t channel = 0; channel < depth; ++channel) {
        for (size_t tap = 0; tap < taps; ++tap)
          transposed[(f * taps + tap) * depth + channel] = weights[(f * depth + channel) * taps + tap];
      }
    }
    std::vector<int32_t> bias(filters + 8);
    std::vector<float> scales(filters + 8), products(filters);
    const xnnpack::Quantization in{0.02f, is_signed ? -7 : 121}, out{0.9f, is_signed ? 3 : 140}, weight{0.011f, 133};
    for (size_t f = 0; f < filters; ++f) {
      bias[f] = draw.Int(-3000, 3000);
      scales[f] = is_signed ? 0.01f + 0.001f * static_cast<float>(draw.Int(0, 20)) : weight.scale;
      products[f] = in.scale * scales[f] / out.scale;
    }
    std::vector<uint8_t> expected(c.outputs() + 16), y(c.outputs() + 16);
    const xnnpack::Operator theirs =
        is_signed ? xnnpack::ConvQs8(c.image, c.window, g.filters, g.group, in, scales.data(),
                                     reinterpret_cast<const int8_t*>(transposed.data()), bias.data(), out,
                                     reinterpret_cast<const int8_t*>(x.data()), reinterpret_cast<int8_t*>(expected.data()))
                  : xnnpack::ConvQu8(c.image, c.window, g.filters, g.group, in, weight, transposed.data(), bias.data(), out,
                                     x.data(), expected.data());
    ASSERT_TRUE(theirs.ok());
    theirs.Run();
    const auto zero = static_cast<uint8_t>(weight.zero_point);
    Int8Conv conv;
    conv.geometry = g;
    conv.x = x.data();
    conv.x_signed = is_signed;
    conv.x_zero = in.zero_point;
    conv.filters = {weights.data(), is_signed, is_signed ? nullptr : &zero, false};
    conv.y = y.data();
    conv.output.kind = Int8Output::Kind::kByte;
    conv.output.bias = bias.data();
    conv.output.scale = products.data();
    conv.output.per_column = true;
    conv.output.is_signed = is_signed;
    conv.output.zero_point = out.zero_point;
    for (Int8Dot dot : {Int8Dot::kWiden, Int8Dot::kUnsigned, Int8Dot::kSigned}) {
      std::vector<uint8_t> packed(PackedInt8ConvBytes(g)), scratch(Int8ConvScratch(g, 1));
      PackInt8Conv(g, conv.filters, dot, packed.data());
      conv.packed = packed.data();
      conv.dot = dot;
      ThreadPool pool(1);
      RunInt8Conv(conv, scratch.data(), pool);
      // They fold the scales in another order, so a result between two integers may fall to either.
      for (size_t i = 0; i < c.outputs(); ++i) {
        const uint8_t flip = is_signed ? 0x80 : 0;
        ASSERT_NEAR(y[i] ^ flip, expected[i] ^ flip, 1) << "at " << i << ", " << Describe(g).GetString();
      }
    }
  }
}

TEST(Xnnpack, SignedConvolution) { ExpectSameInt8Conv(true, false, 7); }
TEST(Xnnpack, UnsignedConvolution) { ExpectSameInt8Conv(false, false, 8); }
TEST(Xnnpack, SignedDepthwiseConvolution) { ExpectSameInt8Conv(true, true, 9); }
TEST(Xnnpack, UnsignedDepthwiseConvolution) { ExpectSameInt8Conv(false, true, 10); }

TEST(Xnnpack, FullyConnected) {
  Draw draw(4);
  for (int i = 0; i < 300; ++i) {
    const int m = draw.Int(1, 50), n = draw.Int(1, 90), k = draw.Int(1, 130);
    SCOPED_TRACE(testing::Message() << m << "x" << k << "x" << n);
    const auto a = draw.Floats(static_cast<size_t>(m * k)), weights = draw.Floats(static_cast<size_t>(n * k)),
               bias = draw.Floats(static_cast<size_t>(n));
    const auto outputs = static_cast<size_t>(m * n);
    std::vector<float> expected(outputs), c(outputs + 16), packed(PackedFloats(k, n));
    const xnnpack::Operator theirs =
        xnnpack::FullyConnectedF32(m, k, n, weights.data(), bias.data(), kRange, a.data(), expected.data());
    ASSERT_TRUE(theirs.ok());
    theirs.Run();
    PackB(weights.data(), 1, static_cast<size_t>(k), k, n, 1, packed.data());
    RunGemm({.a = a.data(),
             .a_stride = static_cast<size_t>(k),
             .b = Packed(packed.data(), k),
             .c = c.data(),
             .c_stride = static_cast<size_t>(n),
             .m = m,
             .n = n,
             .k = k,
             .epilogue = ClampedWith(bias.data())});
    ExpectNear(c, expected, outputs, Tolerance(k));
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace webinfer::kernels

#endif
