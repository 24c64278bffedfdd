// Range: start, start + delta, ... up to, not including, limit.
#include <cmath>
#include <type_traits>

#include "base/visit_dtype.h"
#include "ops/array/move.h"

namespace webinfer::ops {
namespace {

template <typename T>
Result<int64_t> CountOf(const void* start_data, const void* limit_data, const void* delta_data) {
  const T start = *static_cast<const T*>(start_data), limit = *static_cast<const T*>(limit_data);
  const T delta = *static_cast<const T*>(delta_data);
  if (delta == T(0)) return Error(Code::kInvalidModel, "Range has a delta of 0");
  const double count = std::ceil((static_cast<double>(limit) - static_cast<double>(start)) / static_cast<double>(delta));
  if (!(count > 0)) return int64_t{0};
  if (count > 1e15) return Error(Code::kInvalidArgument, "Range has absurdly many elements").Actual("%g", count);
  return static_cast<int64_t>(count);
}

Status Infer(InferContext& ctx) {
  int64_t count = kUnknownDim;
  bool known = true;
  for (int i = 0; i < 3; ++i) {
    WEBINFER_TRY(ctx.ExpectSameDType(0, i));
    if (ctx.In(i).known != nullptr && ctx.In(i).shape.known() && ctx.In(i).shape.Elements() == 1) continue;
    if (ctx.In(i).shape.known() && ctx.In(i).shape.Elements() != 1) {
      return Error(Code::kShapeMismatch, "Range takes scalars")
          .Expected("a scalar")
          .Actual("%s", ShapeText(ctx.In(i).shape).text);
    }
    ctx.NeedValue(i);
    known = false;
  }
  if (known) {
    WEBINFER_TRY(VisitNumeric(ctx.In(0).dtype, [&]<typename T>(T) -> Status {
      WEBINFER_ASSIGN(count, CountOf<T>(ctx.In(0).known, ctx.In(1).known, ctx.In(2).known));
      return OkStatus();
    }));
  }
  return ctx.SetOutput(0, ctx.In(0).dtype, Shape({count}));
}

Status Kernel(const Step& step, RunContext&) {
  return VisitNumeric(step.out[0].dtype, [&]<typename T>(T) {
    using Sum = std::conditional_t<sizeof(T) == 2 && !std::is_integral_v<T>, float, T>;  // float16 adds as float
    const Sum start = *step.in[0].As<T>(), delta = *step.in[2].As<T>();
    for (int64_t i = 0; i < step.out[0].elements(); ++i) {
      step.out[0].As<T>()[i] = static_cast<T>(start + static_cast<Sum>(i) * delta);
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

WEBINFER_OP(Range) {
  return {
      .name = "Range", .since = 11, .min_inputs = 3, .max_inputs = 3, .infer = webinfer::ops::Infer, .bind = webinfer::ops::Bind};
}
