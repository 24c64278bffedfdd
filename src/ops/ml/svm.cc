#include "ops/ml/svm.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "kernels/distance.h"
#include "kernels/elements.h"

namespace webinfer::ops {

void SvmVectors::Evaluate(const float* x, float* out) const {
  if (kernel == SvmKernel::kRbf) {
    kernels::SquaredDistances(x, vectors, count, features, out);
    for (int64_t i = 0; i < count; ++i) out[i] = std::exp(-gamma * out[i]);
    return;
  }
  kernels::DotProducts(x, vectors, count, features, out);
  if (kernel == SvmKernel::kLinear) return;
  for (int64_t i = 0; i < count; ++i) {
    const float dot = gamma * out[i] + coef0;
    out[i] = kernel == SvmKernel::kSigmoid ? std::tanh(dot)
             : degree == 2                 ? dot * dot
             : degree == 3                 ? dot * dot * dot
                                           : std::pow(dot, degree);
  }
}

Status ReadSvmVectors(const Attributes& attributes, int64_t count, int64_t models, SvmVectors* vectors) {
  constexpr std::string_view kNames[] = {"LINEAR", "POLY", "RBF", "SIGMOID"};
  const std::string_view name = attributes.String("kernel_type", "LINEAR");
  const auto* found = std::find(std::begin(kNames), std::end(kNames), name);
  if (found == std::end(kNames)) {
    return Error(Code::kInvalidModel, "kernel_type is unknown")
        .Expected("LINEAR, POLY, RBF or SIGMOID")
        .Actual("%.*s", static_cast<int>(std::min<size_t>(name.size(), 40)), name.data());
  }
  const std::span<const float> params = attributes.Floats("kernel_params");
  if (!params.empty()) WEBINFER_TRY(ExpectLength("kernel_params", std::ssize(params), 3));
  *vectors = {static_cast<SvmKernel>(found - std::begin(kNames)), 0, 0, 0, nullptr, count, 0};
  if (!params.empty()) {
    vectors->gamma = params[0];
    vectors->coef0 = params[1];
    vectors->degree = params[2];
  }
  std::span<const float> numbers = attributes.Floats("support_vectors");
  if (count == 0) {
    numbers = attributes.Floats("coefficients");
    vectors->kernel = SvmKernel::kLinear;
    vectors->count = models;
  }
  if (vectors->count <= 0 || numbers.empty() || std::ssize(numbers) % vectors->count != 0) {
    return Error(Code::kInvalidModel, count == 0 ? "The coefficients do not fit the classes" : "The support vectors do not fit")
        .Expected("a multiple of %lld numbers", static_cast<long long>(vectors->count))
        .Actual("%zu", numbers.size());
  }
  vectors->vectors = numbers.data();
  vectors->features = std::ssize(numbers) / vectors->count;
  return OkStatus();
}

const float* FloatRow(const Operand& x, int64_t row, int64_t columns, float* scratch) {
  if (x.dtype == DType::kFloat32) return x.As<float>() + row * columns;
  kernels::LoadFloats(x.dtype, x.data, row * columns, columns, scratch);
  return scratch;
}

}  // namespace webinfer::ops
