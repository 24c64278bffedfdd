// Det: determinants of square matrices, by elimination with partial pivoting in double precision.
#include <cmath>
#include <utility>

#include "base/visit_dtype.h"
#include "ops/op.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  const Shape& in = ctx.In(0).shape;
  if (!in.rank_known()) return ctx.SetOutput(0, ctx.In(0).dtype, Shape::UnknownRank());
  const int rank = in.rank();
  if (rank < 2 || (in[rank - 1] >= 0 && in[rank - 2] >= 0 && in[rank - 1] != in[rank - 2])) {
    return Error(Code::kShapeMismatch, "Det takes square matrices").Expected("[..., n, n]").Actual("%s", ShapeText(in).text);
  }
  Shape out = in;
  out.Erase(rank - 1);
  out.Erase(rank - 2);
  return ctx.SetOutput(0, ctx.In(0).dtype, out);
}

double Determinant(double* m, int64_t n) {
  double result = 1;
  for (int64_t k = 0; k < n; ++k) {
    int64_t pivot = k;
    for (int64_t i = k + 1; i < n; ++i) {
      if (std::fabs(m[i * n + k]) > std::fabs(m[pivot * n + k])) pivot = i;
    }
    if (m[pivot * n + k] == 0) return 0;
    if (pivot != k) {
      for (int64_t j = k; j < n; ++j) std::swap(m[k * n + j], m[pivot * n + j]);
      result = -result;
    }
    result *= m[k * n + k];
    for (int64_t i = k + 1; i < n; ++i) {
      const double factor = m[i * n + k] / m[k * n + k];
      for (int64_t j = k; j < n; ++j) m[i * n + j] -= factor * m[k * n + j];
    }
  }
  return result;
}

Status Kernel(const Step& step, RunContext&) {
  const Shape& in = step.in[0].shape;
  const int64_t n = in[in.rank() - 1];
  auto* matrix = reinterpret_cast<double*>(step.scratch);
  return VisitFloat(step.out[0].dtype, [&]<typename T>(T) {
    for (int64_t i = 0; i < step.out[0].elements(); ++i) {
      for (int64_t k = 0; k < n * n; ++k) matrix[k] = static_cast<double>(step.in[0].As<T>()[i * n * n + k]);
      step.out[0].As<T>()[i] = static_cast<T>(Determinant(matrix, n));
    }
    return OkStatus();
  });
}

Status Bind(BindContext& ctx) {
  const Shape& in = ctx.In(0).shape;
  ctx.SetScratch(static_cast<uint64_t>(in.Elements(in.rank() - 2, in.rank())) * sizeof(double));
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Det) { return {.name = "Det", .since = 22, .infer = webinfer::ops::Infer, .bind = webinfer::ops::Bind}; }
