// webinfer.MaxPool: MaxPool of channels-last images; see ops/nn/fused.h.
#include "ops/nn/pooling.h"

WEBINFER_OP(webinfer_MaxPool) {
  using namespace webinfer::ops;
  return {.name = "MaxPool", .domain = "webinfer", .infer = InferChannelsLastPool, .bind = BindPool};
}
