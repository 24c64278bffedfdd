// OptionalHasElement: whether there is a value; true for a plain tensor or sequence, false for an input that is left out.
#include "ops/sequence/sequence.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) { return ctx.SetOutput(0, DType::kBool, Shape()); }

Status Kernel(const Step& step, RunContext&) {
  // The operand may be older than the value.
  const bool empty = !step.HasInput(0) || (step.in[0].value != nullptr && step.in[0].value->kind == ValueKind::kOptional);
  *step.out[0].As<bool>() = !empty;
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(OptionalHasElement) {
  return {.name = "OptionalHasElement",
          .since = 18,
          .min_inputs = 0,
          .max_inputs = 1,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
