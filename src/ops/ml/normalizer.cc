// Normalizer: each row divided by its largest element, by the sum of its magnitudes or by its length; gives float32.
//
// The largest element is not the largest magnitude, and a row of zeros stays as it is: as in onnxruntime.
#include <algorithm>
#include <cmath>

#include "kernels/elements.h"
#include "ops/op.h"

namespace webinfer::ops {
namespace {

enum class Norm : uint8_t { kMax, kL1, kL2 };

Status Infer(InferContext& ctx) {
  const ValueInfo& x = ctx.In(0);
  if (x.dtype == DType::kString || x.dtype == DType::kComplex64 || x.dtype == DType::kComplex128 || x.shape.rank() == 0) {
    return Error(Code::kTypeMismatch, "Normalizer takes rows of numbers")
        .Actual("%s%s", DTypeName(x.dtype), ShapeText(x.shape).text);
  }
  return ctx.SetOutput(0, DType::kFloat32, x.shape);
}

float NormOf(Norm norm, const float* row, int64_t count) {
  float sum = norm == Norm::kMax ? row[0] : 0;
  for (int64_t i = 0; i < count; ++i) {
    switch (norm) {
      case Norm::kMax: sum = std::max(sum, row[i]); break;
      case Norm::kL1: sum += std::abs(row[i]); break;
      case Norm::kL2: sum += row[i] * row[i]; break;
    }
  }
  return norm == Norm::kL2 ? std::sqrt(sum) : sum;
}

Status Kernel(const Step& step, RunContext&) {
  const auto norm = step.Params<Norm>();
  const Shape& shape = step.out[0].shape;
  const int64_t columns = shape[shape.rank() - 1], elements = shape.Elements();
  auto* out = step.out[0].As<float>();
  kernels::LoadFloats(step.in[0].dtype, step.in[0].data, 0, elements, out);
  for (float *row = out, *end = out + elements; row < end; row += columns) {
    const float length = NormOf(norm, row, columns);
    for (int64_t i = 0; i < columns && length != 0; ++i) row[i] /= length;
  }
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  constexpr std::string_view kNames[] = {"MAX", "L1", "L2"};
  const std::string_view name = ctx.attributes().String("norm", "MAX");
  const auto* found = std::find(std::begin(kNames), std::end(kNames), name);
  if (found == std::end(kNames)) {
    return Error(Code::kInvalidModel, "norm is unknown")
        .Expected("MAX, L1 or L2")
        .Actual("%.*s", static_cast<int>(std::min<size_t>(name.size(), 40)), name.data());
  }
  WEBINFER_ASSIGN(Norm * norm, ctx.Params<Norm>());
  *norm = static_cast<Norm>(found - std::begin(kNames));
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(ai_onnx_ml_Normalizer) {
  return {.name = "Normalizer", .domain = "ai.onnx.ml", .infer = webinfer::ops::Infer, .bind = webinfer::ops::Bind};
}
