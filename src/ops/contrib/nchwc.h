// onnxruntime's blocked layout (domain com.microsoft.nchwc), found in models it has optimised for one machine and saved: channels
// in blocks of 8 (AVX2) or 16 (AVX-512, Arm), padded to whole blocks. Here images stay [N, C, spatial...] with the padded
// channels; only the weights, which were reordered when the model was saved, are put back.
#pragma once

#include "ops/contrib/compose.h"

namespace webinfer::ops {

// The block size, which the model does not say: 8 if some reordered weights (onnxruntime names them "reorder...") have an odd
// number of blocks of 8, else 16.
int64_t NchwcBlock(const Graph& graph);

// Lowers to the ONNX operator of this name with the same attributes.
Status LowerNchwc(LowerContext& ctx, std::string_view op);

}  // namespace webinfer::ops
