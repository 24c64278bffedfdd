// Inverse: the inverses of square matrices [..., n, n], by elimination with partial pivoting in double precision. A singular
// matrix gives infinities and NaN, as in onnxruntime.
#include <cmath>
#include <utility>

#include "base/visit_dtype.h"
#include "ops/op.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  const Shape& x = ctx.In(0).shape;
  const int rank = x.rank();
  if (x.rank_known() && (rank < 2 || (x[rank - 1] >= 0 && x[rank - 2] >= 0 && x[rank - 1] != x[rank - 2]))) {
    return Error(Code::kShapeMismatch, "Inverse takes square matrices").Expected("[..., n, n]").Actual("%s", ShapeText(x).text);
  }
  return ctx.SetOutput(0, ctx.In(0).dtype, x);
}

// `rows` is [n][2n]: the matrix and the identity, which becomes the inverse.
void Eliminate(double* rows, int64_t n) {
  for (int64_t k = 0; k < n; ++k) {
    int64_t pivot = k;
    for (int64_t i = k + 1; i < n; ++i) {
      if (std::fabs(rows[i * 2 * n + k]) > std::fabs(rows[pivot * 2 * n + k])) pivot = i;
    }
    for (int64_t j = 0; j < 2 * n && pivot != k; ++j) std::swap(rows[k * 2 * n + j], rows[pivot * 2 * n + j]);
    const double scale = 1 / rows[k * 2 * n + k];
    for (int64_t j = 0; j < 2 * n; ++j) rows[k * 2 * n + j] *= scale;
    for (int64_t i = 0; i < n; ++i) {
      const double factor = rows[i * 2 * n + k];
      if (i == k || factor == 0) continue;
      for (int64_t j = k; j < 2 * n; ++j) rows[i * 2 * n + j] -= factor * rows[k * 2 * n + j];
    }
  }
}

Status Kernel(const Step& step, RunContext&) {
  const Shape& shape = step.in[0].shape;
  const int64_t n = shape[shape.rank() - 1], matrices = shape.Elements(0, shape.rank() - 2);
  auto* rows = reinterpret_cast<double*>(step.scratch);
  return VisitFloat(step.out[0].dtype, [&]<typename T>(T) {
    for (int64_t matrix = 0; matrix < matrices; ++matrix) {
      const T* x = step.in[0].As<T>() + matrix * n * n;
      T* y = step.out[0].As<T>() + matrix * n * n;
      for (int64_t i = 0; i < n; ++i) {
        for (int64_t j = 0; j < n; ++j) {
          rows[i * 2 * n + j] = static_cast<double>(x[i * n + j]);
          rows[i * 2 * n + n + j] = i == j;
        }
      }
      Eliminate(rows, n);
      for (int64_t i = 0; i < n * n; ++i) y[i] = static_cast<T>(rows[i / n * 2 * n + n + i % n]);
    }
    return OkStatus();
  });
}

Status Bind(BindContext& ctx) {
  const int64_t n = ctx.In(0).shape[ctx.In(0).shape.rank() - 1];
  ctx.SetScratch(static_cast<uint64_t>(n) * static_cast<uint64_t>(n) * 2 * sizeof(double));
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_Inverse) {
  return {.name = "Inverse", .domain = "com.microsoft", .infer = webinfer::ops::Infer, .bind = webinfer::ops::Bind};
}
