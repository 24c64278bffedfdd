// Depthwise convolution of bytes: 8 channels at a time, 4 taps (2 where they are widened) interleaved for one dot product.
// Called by kernels/int8_conv.h for what IsDepthwise (kernels/depthwise.h) accepts.
#pragma once

#include "kernels/int8_conv.h"

namespace webinfer::kernels {

size_t PackedInt8DepthwiseBytes(const ConvGeometry& g);
void PackInt8Depthwise(const ConvGeometry& g, const Int8Filters& filters, Int8Dot dot, void* packed);

size_t Int8DepthwiseScratch(const ConvGeometry& g, int threads);
void RunInt8Depthwise(const Int8Conv& conv, void* scratch, ThreadPool& pool);

}  // namespace webinfer::kernels
