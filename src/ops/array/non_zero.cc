// NonZero: the coordinates of all elements that are not zero, as [rank, count]; its size is only known in the run.
#include "base/visit_dtype.h"
#include "ops/array/move.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  const Shape& in = ctx.In(0).shape;
  return ctx.SetOutput(0, DType::kInt64, Shape({in.rank_known() ? (in.rank() == 0 ? 1 : in.rank()) : kUnknownDim, kUnknownDim}));
}

// `is_set(i)` says whether element i is not zero.
template <typename F>
Status Find(const Operand& in, Operand& out, RunContext& run, const F& is_set) {
  const int rank = in.shape.rank() == 0 ? 1 : in.shape.rank();
  const int64_t count = in.elements();
  int64_t found = 0;
  for (int64_t i = 0; i < count; ++i) found += is_set(i);
  WEBINFER_TRY(run.Resize(out, DType::kInt64, Shape({rank, found})));
  auto* to = out.As<int64_t>();
  for (int64_t i = 0, k = 0; i < count; ++i) {
    if (!is_set(i)) continue;
    int64_t rest = i;
    for (int axis = rank - 1; axis >= 0; --axis) {
      const int64_t dim = in.shape.rank() == 0 ? 1 : in.shape[axis];
      to[axis * found + k] = rest % dim;
      rest /= dim;
    }
    ++k;
  }
  return OkStatus();
}

template <typename Part>
Status FindComplex(const Operand& in, Operand& out, RunContext& run) {
  const Part* data = in.As<Part>();
  return Find(in, out, run, [data](int64_t i) { return data[2 * i] != 0 || data[2 * i + 1] != 0; });
}

Status Kernel(const Step& step, RunContext& run) {
  const Operand& in = step.in[0];
  Operand& out = step.out[0];
  switch (in.dtype) {
    case DType::kComplex64: return FindComplex<float>(in, out, run);
    case DType::kComplex128: return FindComplex<double>(in, out, run);
    case DType::kString: {  // not empty
      auto* const* data = in.As<const StringData*>();
      return Find(in, out, run, [data](int64_t i) { return data[i]->length != 0; });
    }
    default:
      return VisitNumeric(in.dtype, [&]<typename T>(T) {
        const T* data = in.As<T>();
        return Find(in, out, run, [data](int64_t i) { return data[i] != T(0); });
      });
  }
}

Status Bind(BindContext& ctx) {
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(NonZero) { return {.name = "NonZero", .since = 13, .infer = webinfer::ops::Infer, .bind = webinfer::ops::Bind}; }
