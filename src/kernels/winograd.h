// 3x3 convolution of stride 1 by Winograd's F(4x4, 3x3): 2.25 multiplications per output and channel instead of 9.
//
// Interpolation points 0, +-3/4, +-3/2 and infinity: their error stays within twice that of the direct kernel (points 1 and 2
// lose three times as much). Images are NHWC; the weights are transformed once, in double, and take 4 times the memory.
#pragma once

#include "kernels/conv.h"

namespace webinfer::kernels {

// True if RunWinograd can compute `g` and is expected to be faster than RunConv (measured in bench/cpp).
bool PrefersWinograd(const ConvGeometry& g);
// The part of it that depends on the weights alone.
bool AllowsWinograd(const ConvGeometry& g);

size_t PackedWinogradFloats(const ConvGeometry& g);
void PackWinogradWeights(const ConvGeometry& g, const float* weights, float* packed);

size_t WinogradScratchFloats(const ConvGeometry& g, int threads);
void RunWinograd(const ConvGeometry& g, const float* x, const float* packed, float* y, const Epilogue& epilogue, float* scratch,
                 ThreadPool& pool);

}  // namespace webinfer::kernels
