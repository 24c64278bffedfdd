// webinfer.AveragePool: AveragePool of channels-last images; see ops/nn/fused.h.
#include "ops/nn/pooling.h"

WEBINFER_OP(webinfer_AveragePool) {
  using namespace webinfer::ops;
  return {.name = "AveragePool", .domain = "webinfer", .infer = InferChannelsLastPool, .bind = BindPool};
}
