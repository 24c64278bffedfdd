// EyeLike: a matrix of the input's shape with ones on diagonal `k`.
#include <cstring>

#include "base/visit_dtype.h"
#include "ops/array/move.h"

namespace webinfer::ops {
namespace {

struct EyeParams {
  int64_t k;
};

Status Infer(InferContext& ctx) {
  WEBINFER_TRY(ctx.ExpectRank(0, 2));
  const auto dtype = static_cast<DType>(ctx.attributes().Int("dtype", static_cast<int64_t>(ctx.In(0).dtype)));
  return ctx.SetOutput(0, dtype, ctx.In(0).shape.rank_known() ? ctx.In(0).shape : Shape::Unknown(2));
}

Status Kernel(const Step& step, RunContext&) {
  const Operand& out = step.out[0];
  const int64_t rows = out.shape[0], cols = out.shape[1], k = step.Params<EyeParams>().k;
  std::memset(out.data, 0, out.bytes());
  return VisitNumeric(out.dtype, [&]<typename T>(T) {
    for (int64_t row = 0; row < rows; ++row) {
      if (k >= -row && k < cols - row) out.As<T>()[row * cols + row + k] = static_cast<T>(1);
    }
    return OkStatus();
  });
}

Status Bind(BindContext& ctx) {
  WEBINFER_ASSIGN(EyeParams * params, ctx.Params<EyeParams>());
  params->k = ctx.attributes().Int("k", 0);
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(EyeLike) { return {.name = "EyeLike", .since = 22, .infer = webinfer::ops::Infer, .bind = webinfer::ops::Bind}; }
