// webinfer.Conv: convolution of channels-last images with an epilogue; see ops/nn/fused.h.
#include "ops/nn/convolution.h"
#include "ops/nn/fused.h"

WEBINFER_OP(webinfer_Conv) {
  using namespace webinfer::ops;
  return {.name = "Conv",
          .domain = "webinfer",
          .min_inputs = 2,
          .max_inputs = 4 + kMostConvParts,
          .infer = InferChannelsLastConv,
          .bind = BindConv,
          .prepare = PrepareConv};
}
