// Depthwise convolution (one filter per channel) over NHWC images: four pixels and four channels at a time.
#pragma once

#include "kernels/conv.h"

namespace webinfer::kernels {

// True if `g` is a depthwise convolution of a 2-D image with one filter per channel.
bool IsDepthwise(const ConvGeometry& g);

// ONNX's weights [channels, 1, kernel...] as [channels / 4][taps][4], zero behind the last channel.
size_t PackedDepthwiseFloats(const ConvGeometry& g);
void PackDepthwiseWeights(const ConvGeometry& g, const float* weights, float* packed);

size_t DepthwiseScratchFloats(const ConvGeometry& g, int threads);
void RunDepthwise(const ConvGeometry& g, const float* x, const float* packed, float* y, const Epilogue& epilogue, float* scratch,
                  ThreadPool& pool);

}  // namespace webinfer::kernels
