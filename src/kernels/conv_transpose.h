// Transposed convolution over channels-last images, by phases: output pixels whose position has the same remainder modulo the
// stride see the same taps, so each phase is a plain convolution of a subset of the taps. Nothing is scattered or buffered.
#pragma once

#include "kernels/conv.h"

namespace webinfer::kernels {

// Here `in` is the image that is read and `out` the (larger) one that is written; stride, pad and dilation are those of the
// convolution whose gradient this is.

// Packs ONNX's weights [channels, filters / group, kernel...]: per group and phase the panels of kernels/gemm.h.
size_t PackedConvTransposeFloats(const ConvGeometry& g);
void PackConvTransposeWeights(const ConvGeometry& g, const float* weights, float* packed, int joined = 1);

// Where the kernel is as wide as the stride and nothing is padded, the outputs of one input lie side by side: the same as one
// output of width * filters channels. Makes `g` that convolution and returns the width (PackConvTransposeWeights' `joined`), or
// leaves it and returns 1. `unpadded`: in the last axis, whatever the image's size.
int JoinColumns(bool unpadded, ConvGeometry* g);

size_t ConvTransposeScratchFloats(const ConvGeometry& g, int threads);
void RunConvTranspose(const ConvGeometry& g, const float* x, const float* packed, float* y, const Epilogue& epilogue,
                      float* scratch, ThreadPool& pool);

}  // namespace webinfer::kernels
