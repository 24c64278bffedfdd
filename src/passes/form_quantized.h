// DequantizeLinear, Conv, QuantizeLinear, as quantisers write a quantised convolution, become QLinearConv.
#pragma once

#include "graph/graph.h"

namespace webinfer {

// Before Import, which would compute the weights in float32. The rest of a QDQ model stays as it is.
void FormQuantized(Graph& graph);

}  // namespace webinfer
