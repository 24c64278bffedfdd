// webinfer.LpPool: LpPool of channels-last images; see ops/nn/fused.h.
#include "ops/nn/pooling.h"

WEBINFER_OP(webinfer_LpPool) {
  using namespace webinfer::ops;
  return {.name = "LpPool", .domain = "webinfer", .infer = InferChannelsLastPool, .bind = BindPool};
}
