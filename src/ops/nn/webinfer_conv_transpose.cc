// webinfer.ConvTranspose: transposed convolution of channels-last images with an epilogue; see ops/nn/fused.h.
#include "ops/nn/transposed_convolution.h"

WEBINFER_OP(webinfer_ConvTranspose) {
  using namespace webinfer::ops;
  return {.name = "ConvTranspose",
          .domain = "webinfer",
          .min_inputs = 2,
          .max_inputs = 3,
          .infer = InferChannelsLastConvTranspose,
          .bind = BindConvTranspose,
          .prepare = PrepareConvTranspose};
}
