// Direct, depthwise and Winograd convolution against one loop in double.
#include "kernels/conv.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "kernels/depthwise.h"
#include "kernels/random_floats.h"
#include "kernels/winograd.h"
#include "kernels/winograd_line.h"

namespace webinfer::kernels {
namespace {

enum class Kernel { kDirect, kDepthwise, kWinograd, kWinogradLine };

struct Options {
  bool bias = true, residual = false, activation_first = false;
  Activation activation = Activation::kNone;
  int threads = 1;
};

double Activate(Activation activation, double x) {
  if (activation == Activation::kClip) return std::fmax(x, 0);
  if (activation == Activation::kSilu) return x / (1 + std::exp(-x));
  return x;
}

void Check(Kernel kernel, ConvGeometry g, const Options& options = {}, const std::array<int, 3>& pad_end = {}) {
  for (int i = 0; i < 3; ++i) {
    g.out[i] = (g.in[i] + g.pad[i] + pad_end[static_cast<size_t>(i)] - (g.kernel[i] - 1) * g.dilation[i] - 1) / g.stride[i] + 1;
  }
  SCOPED_TRACE(testing::Message() << "in " << g.in[0] << "x" << g.in[1] << "x" << g.in[2] << "x" << g.channels << " filters "
                                  << g.filters << " kernel " << g.kernel[0] << "x" << g.kernel[1] << "x" << g.kernel[2]
                                  << " stride " << g.stride[2] << " group " << g.group << " threads " << options.threads);
  const size_t channels = static_cast<size_t>(g.channels), filters = static_cast<size_t>(g.filters);
  const size_t inputs = static_cast<size_t>(g.batch * g.in[0] * g.in[1] * g.in[2]) * channels;
  const size_t outputs = static_cast<size_t>(g.pixels()) * filters;
  const auto x = Random(inputs, 1), bias = Random(filters, 3), residual = Random(outputs, 4);
  const auto w = Random(filters * static_cast<size_t>(g.taps() * g.group_channels()), 2);
  std::vector<float> y(outputs + 8, -7);

  Epilogue epilogue;
  epilogue.activation = options.activation;
  epilogue.activation_first = options.activation_first;
  epilogue.beta = std::numeric_limits<float>::infinity();
  if (options.bias) epilogue.bias = bias.data();
  if (options.residual) {
    epilogue.residual = residual.data();
    epilogue.residual_stride = g.filters;
  }
  ThreadPool pool(options.threads);
  std::vector<float> packed, scratch;
  if (kernel == Kernel::kDirect) {
    packed.resize(PackedConvFloats(g));
    scratch.resize(ConvScratchFloats(g, options.threads));
    PackConvWeights(g, w.data(), packed.data());
    RunConv(g, x.data(), packed.data(), y.data(), epilogue, scratch.data(), pool);
  } else if (kernel == Kernel::kDepthwise) {
    ASSERT_TRUE(IsDepthwise(g));
    packed.resize(PackedDepthwiseFloats(g));
    scratch.resize(DepthwiseScratchFloats(g, options.threads));
    PackDepthwiseWeights(g, w.data(), packed.data());
    RunDepthwise(g, x.data(), packed.data(), y.data(), epilogue, scratch.data(), pool);
  } else if (kernel == Kernel::kWinogradLine) {
    ASSERT_TRUE(PrefersWinogradLine(g));
    packed.resize(PackedWinogradLineFloats(g));
    scratch.resize(WinogradLineScratchFloats(g, options.threads));
    PackWinogradLineWeights(g, w.data(), packed.data());
    RunWinogradLine(g, x.data(), packed.data(), y.data(), epilogue, scratch.data(), pool);
  } else {
    packed.resize(PackedWinogradFloats(g));
    scratch.resize(WinogradScratchFloats(g, options.threads));
    PackWinogradWeights(g, w.data(), packed.data());
    RunWinograd(g, x.data(), packed.data(), y.data(), epilogue, scratch.data(), pool);
  }

  const int group_channels = g.group_channels();
  size_t at = 0;
  for (int n = 0; n < g.batch; ++n) {
    for (int z = 0; z < g.out[0]; ++z) {
      for (int row = 0; row < g.out[1]; ++row) {
        for (int column = 0; column < g.out[2]; ++column) {
          for (int f = 0; f < g.filters; ++f, ++at) {
            double sum = options.bias ? bias[static_cast<size_t>(f)] : 0;
            for (int tap = 0; tap < g.taps(); ++tap) {
              const int kz = tap / (g.kernel[1] * g.kernel[2]), ky = tap / g.kernel[2] % g.kernel[1], kx = tap % g.kernel[2];
              const int iz = z * g.stride[0] - g.pad[0] + kz * g.dilation[0],
                        iy = row * g.stride[1] - g.pad[1] + ky * g.dilation[1],
                        ix = column * g.stride[2] - g.pad[2] + kx * g.dilation[2];
              if (iz < 0 || iz >= g.in[0] || iy < 0 || iy >= g.in[1] || ix < 0 || ix >= g.in[2]) continue;
              for (int c = 0; c < group_channels; ++c) {
                const int channel = f / g.group_filters() * group_channels + c;
                sum +=
                    double{x[static_cast<size_t>((((n * g.in[0] + iz) * g.in[1] + iy) * g.in[2] + ix) * g.channels + channel)]} *
                    w[static_cast<size_t>((f * group_channels + c) * g.taps() + tap)];
              }
            }
            const double added = options.residual ? residual[at] : 0;
            const double expected =
                options.activation_first ? Activate(options.activation, sum) + added : Activate(options.activation, sum + added);
            const double scale = std::sqrt(static_cast<double>(g.taps() * group_channels));
            ASSERT_NEAR(y[at], expected,
                        (kernel == Kernel::kWinograd || kernel == Kernel::kWinogradLine ? 6e-6 : 3e-6) * (4 + scale))
                << "at " << at;
          }
        }
      }
    }
  }
  for (size_t i = outputs; i < y.size(); ++i) ASSERT_EQ(y[i], -7) << "wrote behind the output";
}

ConvGeometry Image(int height, int width, int channels, int filters, int kernel, int stride = 1, int pad = 0, int group = 1) {
  ConvGeometry g;
  g.channels = channels;
  g.filters = filters;
  g.group = group;
  g.in[1] = height;
  g.in[2] = width;
  g.kernel[1] = g.kernel[2] = kernel;
  g.stride[1] = g.stride[2] = stride;
  g.pad[1] = g.pad[2] = pad;
  return g;
}

void CheckPadded(Kernel kernel, const ConvGeometry& g, const Options& options = {}) {
  Check(kernel, g, options, {g.pad[0], g.pad[1], g.pad[2]});
}

TEST(Conv, Pointwise) {
  for (int channels : {1, 3, 8, 17}) CheckPadded(Kernel::kDirect, Image(5, 7, channels, 19, 1));
  CheckPadded(Kernel::kDirect, Image(9, 8, 12, 10, 1, 2));
}

TEST(Conv, Kernels) {
  for (int channels : {1, 3, 4, 9, 16}) {
    for (int kernel : {2, 3, 5}) {
      for (int stride : {1, 2}) CheckPadded(Kernel::kDirect, Image(8, 9, channels, 11, kernel, stride, kernel / 2));
    }
  }
}

TEST(Conv, UnevenPaddingAndBatch) {
  ConvGeometry g = Image(6, 7, 9, 8, 3, 2);
  g.batch = 3;
  Check(Kernel::kDirect, g, {}, {0, 1, 1});
  g.pad[2] = 2;
  Check(Kernel::kDirect, g, {}, {0, 0, 3});
  g.channels = 3;
  Check(Kernel::kDirect, g, {}, {0, 2, 3});
}

TEST(Conv, Dilation) {
  for (int channels : {2, 10}) {
    ConvGeometry g = Image(11, 12, channels, 6, 3, 1, 2);
    g.dilation[1] = 2;
    g.dilation[2] = 3;
    CheckPadded(Kernel::kDirect, g);
  }
}

TEST(Conv, Groups) {
  CheckPadded(Kernel::kDirect, Image(6, 5, 32, 32, 3, 1, 1, 8));
  CheckPadded(Kernel::kDirect, Image(6, 5, 30, 10, 3, 2, 1, 10));
  CheckPadded(Kernel::kDirect, Image(6, 5, 16, 8, 3, 1, 1, 8));
  CheckPadded(Kernel::kDirect, Image(4, 4, 16, 16, 1, 1, 0, 8));
  CheckPadded(Kernel::kDirect, Image(5, 9, 8, 8, 3, 1, 1, 1));
  CheckPadded(Kernel::kDirect, Image(6, 5, 12, 9, 3, 1, 1, 3));
  CheckPadded(Kernel::kDirect, Image(6, 5, 40, 20, 3, 1, 1, 2));
  CheckPadded(Kernel::kDirect, Image(6, 5, 4, 8, 3, 1, 1, 4));
  CheckPadded(Kernel::kDirect, Image(4, 4, 20, 20, 1, 1, 0, 2), {.residual = true, .activation = Activation::kSilu});
}

TEST(Conv, SignalsAndVolumes) {
  ConvGeometry signal = Image(1, 50, 1, 12, 1);
  signal.kernel[2] = 25;
  signal.stride[2] = 5;
  signal.pad[2] = 12;
  CheckPadded(Kernel::kDirect, signal);
  ConvGeometry volume = Image(4, 5, 10, 6, 3, 1, 1);
  volume.in[0] = 6;
  volume.kernel[0] = 2;
  volume.stride[0] = 2;
  volume.pad[0] = 1;
  CheckPadded(Kernel::kDirect, volume);
  volume.channels = 2;
  CheckPadded(Kernel::kDirect, volume);
}

TEST(Conv, LargeWeightsAndThreads) {
  CheckPadded(Kernel::kDirect, Image(9, 9, 128, 240, 3, 1, 1), {.threads = 2});
  CheckPadded(Kernel::kDirect, Image(20, 20, 3, 32, 3, 2, 1), {.residual = true, .activation = Activation::kClip, .threads = 2});
}

TEST(Depthwise, EveryKernel) {
  for (int channels : {2, 4, 7, 24}) {
    for (int kernel : {2, 3, 5, 7}) {
      for (int stride : {1, 2, 3}) {
        for (int width : {4, 11, 37}) {
          CheckPadded(Kernel::kDepthwise, Image(9, width, channels, channels, kernel, stride, kernel / 2, channels));
        }
      }
    }
  }
}

TEST(Depthwise, DilationBatchAndUnevenPadding) {
  ConvGeometry g = Image(9, 10, 6, 6, 3, 1, 2, 6);
  g.dilation[1] = g.dilation[2] = 2;
  g.batch = 2;
  CheckPadded(Kernel::kDepthwise, g);
  Check(Kernel::kDepthwise, Image(8, 8, 5, 5, 3, 2, 0, 5), {}, {0, 1, 1});
}

TEST(Depthwise, UnevenStridesAndDilations) {
  ConvGeometry g = Image(9, 10, 6, 6, 3, 1, 1, 6);
  g.stride[1] = 2;
  CheckPadded(Kernel::kDepthwise, g);
  g.stride[1] = 1;
  g.stride[2] = 2;
  g.dilation[1] = 2;
  CheckPadded(Kernel::kDepthwise, g);
}

TEST(Winograd, EdgesAndChannels) {
  for (int size : {4, 5, 7, 8, 13}) {
    for (int channels : {3, 16, 18}) CheckPadded(Kernel::kWinograd, Image(size, size + 1, channels, 21, 3, 1, 1));
  }
  CheckPadded(Kernel::kWinograd, Image(10, 9, 8, 8, 3));
}

TEST(Winograd, BatchesAndThreads) {
  ConvGeometry g = Image(30, 31, 16, 24, 3, 1, 1);
  g.batch = 2;
  CheckPadded(Kernel::kWinograd, g, {.threads = 2});
}

ConvGeometry Line(int axis, int length, int lines, int channels, int filters, int taps, int dilation = 1) {
  ConvGeometry g = Image(lines, lines, channels, filters, 1);
  g.in[axis] = length;
  g.kernel[axis] = taps;
  g.dilation[axis] = dilation;
  g.pad[axis] = (taps - 1) * dilation / 2;
  return g;
}

TEST(WinogradLine, KernelsAndAxes) {
  for (int axis : {1, 2}) {
    for (int taps : {3, 4, 5, 7, 8, 11}) {
      for (int length : {6, 8, 14, 33}) CheckPadded(Kernel::kWinogradLine, Line(axis, length, 3, 17, 18, taps));
    }
  }
}

TEST(WinogradLine, Dilations) {
  for (int axis : {1, 2}) {
    for (int dilation : {2, 3, 5}) CheckPadded(Kernel::kWinogradLine, Line(axis, 5 * dilation + 3, 2, 16, 20, 7, dilation));
  }
}

TEST(WinogradLine, LongLinesBatchesThreads) {
  ConvGeometry g = Line(2, 3001, 1, 16, 16, 11);
  CheckPadded(Kernel::kWinogradLine, g, {.residual = true, .activation = Activation::kSilu, .threads = 2});
  g = Line(1, 30, 9, 24, 24, 3);
  g.pad[1] = 0;
  g.batch = 2;
  Check(Kernel::kWinogradLine, g, {.residual = true, .activation_first = true, .activation = Activation::kClip, .threads = 3});
}

TEST(Convolutions, Epilogues) {
  for (Activation activation : {Activation::kNone, Activation::kClip, Activation::kSilu}) {
    for (int flags = 0; flags < 8; ++flags) {
      const Options options{(flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0, activation};
      CheckPadded(Kernel::kDirect, Image(6, 7, 10, 13, 3, 1, 1), options);
      CheckPadded(Kernel::kDepthwise, Image(6, 7, 10, 10, 3, 1, 1, 10), options);
      CheckPadded(Kernel::kWinograd, Image(6, 7, 10, 13, 3, 1, 1), options);
    }
  }
}

}  // namespace
}  // namespace webinfer::kernels
