// LpPool (ONNX 22): the p-norm of each window.
#include "ops/nn/pooling.h"

WEBINFER_OP(LpPool) {
  using namespace webinfer::ops;
  return {.name = "LpPool", .since = 22, .infer = InferPool, .lower = LowerPool};
}
