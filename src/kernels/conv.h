// Convolution over channels-last images (NHWC, or NDHWC: a 2-D image has depth 1, a 1-D signal height 1 too).
//
// Output pixels are the rows of a GEMM whose depth is taps x channels. A row is a list of pointers into the image, one per
// tap, so nothing is copied; only with few channels are patches gathered into rows first, because a tap of 3 floats would
// not keep the tile busy.
#pragma once

#include "base/thread_pool.h"
#include "kernels/epilogue.h"

namespace webinfer::kernels {

// Three spatial axes: depth, height, width.
struct ConvGeometry {
  int batch = 1, channels = 0, filters = 0, group = 1;
  int in[3] = {1, 1, 1}, out[3] = {1, 1, 1};
  int kernel[3] = {1, 1, 1}, stride[3] = {1, 1, 1}, dilation[3] = {1, 1, 1};
  int pad[3] = {};  // in front; what is behind follows from `out`

  int taps() const { return kernel[0] * kernel[1] * kernel[2]; }
  int64_t pixels() const { return int64_t{batch} * out[0] * out[1] * out[2]; }
  int group_channels() const { return channels / group; }
  int group_filters() const { return filters / group; }
  // True if an output pixel is made of exactly the input pixel at the same place.
  bool IsPointwise() const;
};

// Packs ONNX's weights [filters, channels / group, kernel...] for RunConv: per group the panels of kernels/gemm.h with
// depth [taps][channels / group].
size_t PackedConvFloats(const ConvGeometry& g);
void PackConvWeights(const ConvGeometry& g, const float* weights, float* packed);

size_t ConvScratchFloats(const ConvGeometry& g, int threads);
void RunConv(const ConvGeometry& g, const float* x, const float* packed, float* y, const Epilogue& epilogue, float* scratch,
             ThreadPool& pool);

// A pointwise convolution over images whose channels would have to be put side by side first: `parts` of them, g.channels in
// all. Each part is a few taps of `depth` channels, a divisor of all their channels.
struct ConvParts {
  static constexpr int kMost = 16;
  int count = 0, depth = 0;
  int channels[kMost];
  const float* x[kMost];

  int taps(const ConvGeometry& g) const { return g.channels / depth; }
};
size_t PartedConvScratchFloats(const ConvGeometry& g, const ConvParts& parts, int threads);
void RunPartedConv(const ConvGeometry& g, const ConvParts& parts, const float* packed, float* y, const Epilogue& epilogue,
                   float* scratch, ThreadPool& pool);

// A factor per input channel of a pointwise convolution: into its packed weights, or into the image.
void ScaleConvWeights(const ConvGeometry& g, const float* packed, const float* factors, float* scaled);
void ScalePixels(const ConvGeometry& g, const float* x, const float* factors, float* scaled);

}  // namespace webinfer::kernels
