// GlobalMaxPool (ONNX 22): ReduceMax over the spatial axes.
#include "ops/nn/pooling.h"

WEBINFER_OP(GlobalMaxPool) {
  using namespace webinfer;
  return {.name = "GlobalMaxPool", .since = 22, .infer = ops::InferGlobalPool, .lower = [](LowerContext& ctx, bool*) {
            return ops::LowerGlobalPool(ctx, "ReduceMax");
          }};
}
