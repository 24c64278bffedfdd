// Winograd's method along one axis: convolutions whose kernel lies along a line (1-D signals, 1 x k, k x 1), stride 1, any
// dilation. Four outputs of three taps take 6 products for 12, of four taps 7 for 16; longer kernels are chunks of four taps,
// whose inputs share one transform, because chunks are as far apart as tiles.
//
// Error about twice that of the direct method (tests/cpp/kernels/conv_test.cc holds it).
#pragma once

#include "kernels/conv.h"

namespace webinfer::kernels {

// True if the method applies to this kernel, whatever the image's size.
bool AllowsWinogradLine(const ConvGeometry& g);
// True if it is the faster one for this image.
bool PrefersWinogradLine(const ConvGeometry& g);

// Transforms and packs ONNX's weights [filters, channels, kernel...].
size_t PackedWinogradLineFloats(const ConvGeometry& g);
void PackWinogradLineWeights(const ConvGeometry& g, const float* weights, float* packed);

size_t WinogradLineScratchFloats(const ConvGeometry& g, int threads);
void RunWinogradLine(const ConvGeometry& g, const float* x, const float* packed, float* y, const Epilogue& epilogue,
                     float* scratch, ThreadPool& pool);

}  // namespace webinfer::kernels
