// AveragePool (ONNX 22), 1 to 3 spatial axes.
#include "ops/nn/pooling.h"

WEBINFER_OP(AveragePool) {
  using namespace webinfer::ops;
  return {.name = "AveragePool", .since = 22, .infer = InferPool, .lower = LowerPool};
}
