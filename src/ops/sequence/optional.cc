// Optional: wraps a tensor or a sequence, or makes an empty optional.
#include "ops/sequence/sequence.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  if (!ctx.HasOutput(0)) return OkStatus();
  ctx.Out(0).kind = ValueKind::kOptional;
  ctx.Out(0).dtype = ctx.HasInput(0) ? ctx.In(0).dtype : DType::kUndefined;
  ctx.Out(0).shape = Shape::UnknownRank();
  return OkStatus();
}

Status Kernel(const Step& step, RunContext&) {
  RuntimeValue& value = *step.out[0].value;
  value.kind = step.out[0].kind = ValueKind::kOptional;
  value.present = step.HasInput(0);
  value.elements.resize(value.present ? 1 : 0);
  if (!value.present) return OkStatus();
  value.tensor.dtype = step.in[0].dtype;
  return step.in[0].kind == ValueKind::kTensor ? value.elements[0].CopyFrom(step.in[0].view())
                                               : value.elements[0].CopyFrom(*step.in[0].value);
}

Status Bind(BindContext& ctx) {
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Optional) {
  return {.name = "Optional",
          .since = 15,
          .min_inputs = 0,
          .max_inputs = 1,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
