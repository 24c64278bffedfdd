// RandomUniform: numbers in [low, high), of the shape in attribute `shape`.
#include "ops/random/generator.h"

WEBINFER_OP(RandomUniform) {
  using namespace webinfer::ops;
  return {.name = "RandomUniform",
          .since = 22,
          .min_inputs = 0,
          .max_inputs = 0,
          .infer = InferRandom,
          .bind = BindRandom<UniformKernel>,
          .deterministic = false};
}
