// CDist (com.microsoft): the distances between the rows of two matrices, squared or not.
#include <cmath>

#include "kernels/distance.h"
#include "ops/op.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  WEBINFER_TRY(ctx.ExpectRank(0, 2));
  WEBINFER_TRY(ctx.ExpectRank(1, 2));
  WEBINFER_TRY(ctx.ExpectSameDType(0, 1));
  const Shape &a = ctx.In(0).shape, &b = ctx.In(1).shape;
  if (a.rank_known() && b.rank_known() && a[1] >= 0 && b[1] >= 0 && a[1] != b[1]) {
    return Error(Code::kShapeMismatch, "The rows of the two matrices differ in length")
        .Expected("%s", ShapeText(a).text)
        .Actual("%s", ShapeText(b).text);
  }
  return ctx.SetOutput(0, ctx.In(0).dtype, Shape({a.rank_known() ? a[0] : kUnknownDim, b.rank_known() ? b[0] : kUnknownDim}));
}

bool Squared(const Attributes& attributes) { return attributes.String("metric", "sqeuclidean") == "sqeuclidean"; }

template <typename T>
Status Kernel(const Step& step, RunContext& run) {
  const bool squared = Squared(step.node->attributes);
  const int64_t rows = step.in[1].shape[0], n = step.in[1].shape[1];
  run.pool().ParallelFor(static_cast<int>(step.in[0].shape[0]), [&](int i, int) {
    T* out = step.out[0].As<T>() + i * rows;
    kernels::SquaredDistances(step.in[0].As<T>() + i * n, step.in[1].As<T>(), rows, n, out);
    for (int64_t k = 0; k < rows && !squared; ++k) out[k] = std::sqrt(out[k]);
  });
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  const std::string_view metric = ctx.attributes().String("metric", "sqeuclidean");
  if (metric != "sqeuclidean" && metric != "euclidean") {
    return Error(Code::kUnsupported, "The metric of CDist is unknown")
        .Expected("sqeuclidean or euclidean")
        .Actual("%.*s", static_cast<int>(metric.size() < 40 ? metric.size() : 40), metric.data());
  }
  const DType dtype = ctx.In(0).dtype;
  if ((dtype != DType::kFloat32 && dtype != DType::kFloat64) || ctx.In(0).shape[0] > INT32_MAX) {
    return Error(Code::kUnsupported, "CDist cannot compute on this")
        .Expected("float32 or float64")
        .Actual("%s%s", DTypeName(dtype), ShapeText(ctx.In(0).shape).text);
  }
  ctx.SetKernel(dtype == DType::kFloat32 ? Kernel<float> : Kernel<double>);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(com_microsoft_CDist) {
  return {.name = "CDist",
          .domain = "com.microsoft",
          .min_inputs = 2,
          .max_inputs = 2,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
