// GlobalAveragePool (ONNX 22): ReduceMean over the spatial axes.
#include "ops/nn/pooling.h"

WEBINFER_OP(GlobalAveragePool) {
  using namespace webinfer;
  return {.name = "GlobalAveragePool", .since = 22, .infer = ops::InferGlobalPool, .lower = [](LowerContext& ctx, bool*) {
            return ops::LowerGlobalPool(ctx, "ReduceMean");
          }};
}
