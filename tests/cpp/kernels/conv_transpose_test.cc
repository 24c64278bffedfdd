#include "kernels/conv_transpose.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/random_floats.h"

namespace webinfer::kernels {
namespace {

// Scatters every input pixel through the weights, as the definition says.
std::vector<double> Scatter(const ConvGeometry& g, const std::vector<float>& x, const std::vector<float>& w,
                            const std::vector<float>& bias) {
  std::vector<double> y(static_cast<size_t>(g.pixels() * g.filters));
  for (size_t i = 0; i < y.size(); ++i) y[i] = bias[i % static_cast<size_t>(g.filters)];
  for (int n = 0; n < g.batch; ++n) {
    for (int pixel = 0; pixel < g.in[0] * g.in[1] * g.in[2]; ++pixel) {
      for (int tap = 0; tap < g.taps(); ++tap) {
        const int in[3] = {pixel / (g.in[1] * g.in[2]), pixel / g.in[2] % g.in[1], pixel % g.in[2]};
        const int k[3] = {tap / (g.kernel[1] * g.kernel[2]), tap / g.kernel[2] % g.kernel[1], tap % g.kernel[2]};
        int out[3];
        bool inside = true;
        for (int axis = 0; axis < 3; ++axis) {
          out[axis] = in[axis] * g.stride[axis] + k[axis] * g.dilation[axis] - g.pad[axis];
          inside = inside && out[axis] >= 0 && out[axis] < g.out[axis];
        }
        if (!inside) continue;
        const int at = ((n * g.out[0] + out[0]) * g.out[1] + out[1]) * g.out[2] + out[2];
        for (int c = 0; c < g.channels; ++c) {
          const int group = c / g.group_channels();
          for (int f = 0; f < g.group_filters(); ++f) {
            y[static_cast<size_t>(at * g.filters + group * g.group_filters() + f)] +=
                double{x[static_cast<size_t>((n * g.in[0] * g.in[1] * g.in[2] + pixel) * g.channels + c)]} *
                w[static_cast<size_t>((c * g.group_filters() + f) * g.taps() + tap)];
          }
        }
      }
    }
  }
  return y;
}

void Check(ConvGeometry g, int output_padding = 0, int threads = 1) {
  for (int i = 0; i < 3; ++i) {
    g.out[i] = (g.in[i] - 1) * g.stride[i] + (g.kernel[i] - 1) * g.dilation[i] + 1 - 2 * g.pad[i] +
               (g.stride[i] > 1 ? output_padding : 0);
  }
  SCOPED_TRACE(testing::Message() << g.in[0] << "x" << g.in[1] << "x" << g.in[2] << " kernel " << g.kernel[1] << " stride "
                                  << g.stride[1] << " pad " << g.pad[1] << " dilation " << g.dilation[1] << " group " << g.group);
  const auto x = Random(static_cast<size_t>(g.batch * g.in[0] * g.in[1] * g.in[2] * g.channels), 1);
  const auto w = Random(static_cast<size_t>(g.channels * g.group_filters() * g.taps()), 2),
             bias = Random(static_cast<size_t>(g.filters), 3);
  ConvGeometry run = g;
  const int joined = JoinColumns(output_padding == 0 && g.pad[2] == 0, &run);
  EXPECT_EQ(joined > 1, g.kernel[2] == g.stride[2] && g.kernel[2] > 1 && g.pad[2] == 0 && output_padding == 0 &&
                            g.dilation[2] == 1 && g.group == 1);
  std::vector<float> packed(PackedConvTransposeFloats(run)), scratch(ConvTransposeScratchFloats(run, threads)),
      y(static_cast<size_t>(g.pixels() * g.filters)), tiled_bias;
  for (int i = 0; i < joined; ++i) tiled_bias.insert(tiled_bias.end(), bias.begin(), bias.begin() + g.filters);
  tiled_bias.resize(tiled_bias.size() + 8);
  PackConvTransposeWeights(run, w.data(), packed.data(), joined);
  Epilogue epilogue;
  epilogue.bias = tiled_bias.data();
  epilogue.activation = Activation::kClip;
  epilogue.beta = std::numeric_limits<float>::infinity();
  ThreadPool pool(threads);
  RunConvTranspose(run, x.data(), packed.data(), y.data(), epilogue, scratch.data(), pool);
  const std::vector<double> expected = Scatter(g, x, w, bias);
  for (size_t i = 0; i < y.size(); ++i) ASSERT_NEAR(y[i], std::max(expected[i], 0.0), 3e-5) << i;
}

ConvGeometry Image(int height, int width, int channels, int filters, int kernel, int stride, int pad, int dilation = 1,
                   int group = 1) {
  ConvGeometry g;
  g.channels = channels;
  g.filters = filters;
  g.group = group;
  g.in[1] = height;
  g.in[2] = width;
  g.kernel[1] = g.kernel[2] = kernel;
  g.stride[1] = g.stride[2] = stride;
  g.pad[1] = g.pad[2] = pad;
  g.dilation[1] = g.dilation[2] = dilation;
  return g;
}

TEST(ConvTranspose, EveryPhase) {
  for (int kernel = 1; kernel <= 5; ++kernel) {
    for (int stride = 1; stride <= 4; ++stride) {
      for (int pad = 0; pad <= std::min(2, kernel - 1); ++pad) {
        Check(Image(4, 5, 3, 9, kernel, stride, pad));
        Check(Image(4, 5, 3, 9, kernel, stride, pad), 1);
      }
    }
  }
}

TEST(ConvTranspose, NegativePadding) {
  for (int stride = 1; stride <= 3; ++stride) Check(Image(4, 5, 3, 9, 3, stride, -2));
}

TEST(ConvTranspose, DilationGroupsBatchVolumesThreads) {
  Check(Image(5, 4, 2, 3, 3, 2, 1, 2));
  Check(Image(5, 4, 2, 3, 3, 3, 1, 2));
  Check(Image(5, 4, 6, 10, 3, 2, 1, 1, 2));
  ConvGeometry g = Image(3, 4, 5, 6, 2, 2, 0);
  g.batch = 2;
  Check(g, 0, 2);
  g.in[0] = 3;
  g.kernel[0] = 3;
  g.stride[0] = 2;
  g.pad[0] = 1;
  Check(g);
}

}  // namespace
}  // namespace webinfer::kernels
