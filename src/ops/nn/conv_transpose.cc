// ConvTranspose (ONNX 22), 1 to 3 spatial axes.
#include "ops/nn/transposed_convolution.h"

WEBINFER_OP(ConvTranspose) {
  using namespace webinfer::ops;
  return {.name = "ConvTranspose",
          .since = 22,
          .min_inputs = 2,
          .max_inputs = 3,
          .infer = InferConvTranspose,
          .lower = LowerConvTranspose};
}
