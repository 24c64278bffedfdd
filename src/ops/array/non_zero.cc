// NonZero: the coordinates of all elements that are not zero, as [rank, count]; its size is only known in the run.
#include "base/visit_dtype.h"
#include "ops/array/move.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  const Shape& in = ctx.In(0).shape;
  return ctx.SetOutput(0, DType::kInt64, Shape({in.rank_known() ? (in.rank() == 0 ? 1 : in.rank()) : kUnknownDim, kUnknownDim}));
}

Status Kernel(const Step& step, RunContext& run) {
  const Operand& in = step.in[0];
  Operand& out = step.out[0];
  const int rank = in.shape.rank() == 0 ? 1 : in.shape.rank();
  return VisitNumeric(in.dtype, [&]<typename T>(T) -> Status {
    const T* data = in.As<T>();
    const int64_t count = in.elements();
    int64_t found = 0;
    for (int64_t i = 0; i < count; ++i) found += data[i] != T(0);
    WEBINFER_TRY(run.Resize(out, DType::kInt64, Shape({rank, found})));
    auto* to = out.As<int64_t>();
    for (int64_t i = 0, k = 0; i < count; ++i) {
      if (data[i] == T(0)) continue;
      int64_t rest = i;
      for (int axis = rank - 1; axis >= 0; --axis) {
        const int64_t dim = in.shape.rank() == 0 ? 1 : in.shape[axis];
        to[axis * found + k] = rest % dim;
        rest /= dim;
      }
      ++k;
    }
    return OkStatus();
  });
}

Status Bind(BindContext& ctx) {
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(NonZero) { return {.name = "NonZero", .since = 13, .infer = webinfer::ops::Infer, .bind = webinfer::ops::Bind}; }
