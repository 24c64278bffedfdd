// Optional: its input (an optional is its content), or an empty optional.
#include <cstring>

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

Status Kernel(const Step& step, RunContext& run) {
  Operand& out = step.out[0];
  if (step.HasInput(0)) {
    if (step.in[0].kind != ValueKind::kTensor) {
      out.kind = step.in[0].kind;
      return out.value->CopyFrom(*step.in[0].value);
    }
    WEBINFER_TRY(run.Resize(out, step.in[0].dtype, step.in[0].shape));
    std::memcpy(out.data, step.in[0].data, out.bytes());
    return OkStatus();
  }
  out.value->kind = out.kind = ValueKind::kOptional;
  out.value->present = false;
  out.value->elements.clear();
  return OkStatus();
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
