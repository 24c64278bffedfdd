// Conv (ONNX 22), 1 to 3 spatial axes.
#include "ops/nn/convolution.h"

WEBINFER_OP(Conv) {
  using namespace webinfer::ops;
  return {.name = "Conv", .since = 22, .min_inputs = 2, .max_inputs = 3, .infer = InferConv, .lower = LowerConv};
}
