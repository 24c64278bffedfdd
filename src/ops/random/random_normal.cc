// RandomNormal: normal numbers of `mean` and `scale`, of the shape in attribute `shape`.
#include "ops/random/generator.h"

WEBINFER_OP(RandomNormal) {
  using namespace webinfer::ops;
  return {.name = "RandomNormal",
          .since = 22,
          .min_inputs = 0,
          .max_inputs = 0,
          .infer = InferRandom,
          .bind = BindRandom<NormalKernel>,
          .deterministic = false};
}
