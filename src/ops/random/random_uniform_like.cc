// RandomUniformLike: numbers in [low, high), of the input's shape.
#include "ops/random/generator.h"

WEBINFER_OP(RandomUniformLike) {
  using namespace webinfer::ops;
  return {.name = "RandomUniformLike",
          .since = 22,
          .min_inputs = 1,
          .max_inputs = 1,
          .infer = InferRandomLike,
          .bind = BindRandom<UniformKernel>,
          .deterministic = false};
}
