// Transposed convolution over channels-last images, by phases: output pixels whose position has the same remainder modulo the
// stride see the same taps, so each phase is a plain convolution of a subset of the taps. Nothing is scattered or buffered.
#pragma once

#include "kernels/conv.h"

namespace webinfer::kernels {

// Here `in` is the image that is read and `out` the (larger) one that is written; stride, pad and dilation are those of the
// convolution whose gradient this is.

// Packs ONNX's weights [channels, filters / group, kernel...]: per group and phase the panels of kernels/gemm.h.
size_t PackedConvTransposeFloats(const ConvGeometry& g);
void PackConvTransposeWeights(const ConvGeometry& g, const float* weights, float* packed);

size_t ConvTransposeScratchFloats(const ConvGeometry& g, int threads);
void RunConvTranspose(const ConvGeometry& g, const float* x, const float* packed, float* y, const Epilogue& epilogue,
                      float* scratch, ThreadPool& pool);

}  // namespace webinfer::kernels
