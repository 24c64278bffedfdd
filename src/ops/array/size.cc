// Size: the number of elements of a tensor as an int64 scalar.
#include "ops/array/move.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) { return ctx.SetOutput(0, DType::kInt64, Shape()); }

Status Kernel(const Step& step, RunContext&) {
  *step.out[0].As<int64_t>() = step.in[0].elements();
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Size) {
  return {.name = "Size", .since = 25, .infer = webinfer::ops::Infer, .bind = webinfer::ops::Bind, .shape_only = true};
}
