// Multinomial: `sample_size` class numbers for each row of unnormalised log-probabilities.
#include <algorithm>

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

// A class, from the running sums of the classes' weights.
int64_t Draw(const double* sums, int64_t classes, RandomGenerator& generator) {
  const int64_t drawn = std::upper_bound(sums, sums + classes, generator.Uniform() * sums[classes - 1]) - sums;
  return std::min(drawn, classes - 1);
}

Status Kernel(const Step& step, RunContext&) {
  RandomGenerator generator(step.node->attributes);
  const Operand& out = step.out[0];
  const int64_t rows = out.shape[0], samples = out.shape[1], classes = step.in[0].shape[1];
  if (classes == 0 && rows * samples > 0) return Error(Code::kShapeMismatch, "Multinomial has no classes");
  auto* sums = reinterpret_cast<double*>(step.scratch);
  for (int64_t row = 0; row < rows; ++row) {
    double largest = -INFINITY, total = 0;
    for (int64_t k = 0; k < classes; ++k) {
      kernels::ReadNumber(step.in[0].dtype, step.in[0].data, row * classes + k, &sums[k]);
      largest = std::fmax(largest, sums[k]);
    }
    for (int64_t k = 0; k < classes; ++k) {
      total += std::exp(sums[k] - largest);
      sums[k] = total;
    }
    for (int64_t i = row * samples; i < (row + 1) * samples; ++i) {
      const int64_t drawn = Draw(sums, classes, generator);
      if (out.dtype == DType::kInt64) {
        out.As<int64_t>()[i] = drawn;
      } else {
        out.As<int32_t>()[i] = static_cast<int32_t>(drawn);
      }
    }
  }
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  const DType dtype = ctx.Out(0).dtype;
  if (dtype != DType::kInt32 && dtype != DType::kInt64) {
    return Error(Code::kTypeMismatch, "Multinomial gives integers").Expected("int32 or int64").Actual("%s", DTypeName(dtype));
  }
  ctx.SetScratch(static_cast<uint64_t>(ctx.In(0).shape[1]) * sizeof(double));
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Multinomial) {
  using namespace webinfer::ops;
  return {.name = "Multinomial", .since = 22, .infer = Infer, .bind = Bind, .deterministic = false};
}
