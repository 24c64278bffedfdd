// RandomNormalLike: normal numbers of `mean` and `scale`, of the input's shape.
#include "ops/random/generator.h"

WEBINFER_OP(RandomNormalLike) {
  using namespace webinfer::ops;
  return {.name = "RandomNormalLike",
          .since = 22,
          .min_inputs = 1,
          .max_inputs = 1,
          .infer = InferRandomLike,
          .bind = BindRandom<NormalKernel>,
          .deterministic = false};
}
