// Multinomial: `sample_size` class numbers for each row of unnormalised log-probabilities.
#include "ops/random/generator.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  WEBINFER_TRY(ctx.ExpectRank(0, 2));
  const Shape& in = ctx.In(0).shape;
  const int64_t samples = ctx.attributes().Int("sample_size", 1);
  if (samples < 0) return Error(Code::kInvalidModel, "sample_size is negative").Actual("%lld", static_cast<long long>(samples));
  return ctx.SetOutput(0, static_cast<DType>(ctx.attributes().Int("dtype", static_cast<int64_t>(DType::kInt32))),
                       Shape({in.rank_known() ? in[0] : kUnknownDim, samples}));
}

template <typename P>
int64_t Draw(const P* row, int64_t classes, double largest, double total, RandomGenerator& generator) {
  double left = generator.Uniform() * total;
  for (int64_t k = 0; k + 1 < classes; ++k) {
    left -= std::exp(static_cast<double>(row[k]) - largest);
    if (left < 0) return k;
  }
  return classes - 1;
}

Status Kernel(const Step& step, RunContext&) {
  RandomGenerator generator(step.node->attributes);
  const int64_t rows = step.out[0].shape[0], samples = step.out[0].shape[1], classes = step.in[0].shape[1];
  if (classes == 0 && rows * samples > 0) return Error(Code::kShapeMismatch, "Multinomial has no classes");
  return VisitNumeric(step.in[0].dtype, [&]<typename P>(P) {
    return VisitNumeric(step.out[0].dtype, [&]<typename T>(T) {
      for (int64_t i = 0; i < rows; ++i) {
        const P* row = step.in[0].As<P>() + i * classes;
        double largest = -INFINITY, total = 0;
        for (int64_t k = 0; k < classes; ++k) largest = std::fmax(largest, static_cast<double>(row[k]));
        for (int64_t k = 0; k < classes; ++k) total += std::exp(static_cast<double>(row[k]) - largest);
        for (int64_t k = 0; k < samples; ++k) {
          step.out[0].As<T>()[i * samples + k] = static_cast<T>(Draw(row, classes, largest, total, generator));
        }
      }
      return OkStatus();
    });
  });
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Multinomial) {
  using namespace webinfer::ops;
  return {.name = "Multinomial", .since = 22, .infer = Infer, .bind = BindRandom<Kernel>, .deterministic = false};
}
