// Bernoulli: 1 with the probability in the input, else 0.
#include "ops/random/generator.h"

namespace webinfer::ops {
namespace {

Status Kernel(const Step& step, RunContext&) {
  RandomGenerator generator(step.node->attributes);
  return VisitNumeric(step.in[0].dtype, [&]<typename P>(P) {
    return VisitNumeric(step.out[0].dtype, [&]<typename T>(T) {
      for (int64_t i = 0; i < step.out[0].elements(); ++i) {
        step.out[0].As<T>()[i] = static_cast<T>(generator.Uniform() < static_cast<double>(step.in[0].As<P>()[i]) ? 1 : 0);
      }
      return OkStatus();
    });
  });
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Bernoulli) {
  using namespace webinfer::ops;
  return {.name = "Bernoulli", .since = 22, .infer = InferRandomLike, .bind = BindRandom<Kernel>, .deterministic = false};
}
