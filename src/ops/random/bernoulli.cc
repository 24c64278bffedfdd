// Bernoulli: 1 with the probability in the input, else 0.
#include "ops/random/generator.h"

namespace webinfer::ops {
namespace {

Status Kernel(const Step& step, RunContext&) {
  RandomGenerator generator(step.node->attributes);
  FillRandom(step.out[0], [&](int64_t i) {
    double probability = 0;
    kernels::ReadNumber(step.in[0].dtype, step.in[0].data, i, &probability);
    return generator.Uniform() < probability ? 1.0 : 0.0;
  });
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Bernoulli) {
  using namespace webinfer::ops;
  return {.name = "Bernoulli", .since = 22, .infer = InferRandomLike, .bind = BindRandom<Kernel>, .deterministic = false};
}
