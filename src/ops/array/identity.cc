// Identity: a view of a tensor; a copy of a sequence or optional.
#include "ops/array/move.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  if (!ctx.HasOutput(0)) return OkStatus();
  ValueInfo& out = ctx.Out(0);
  out.kind = ctx.In(0).kind;
  out.dtype = ctx.In(0).dtype;
  out.shape = ctx.In(0).shape;
  return OkStatus();
}

Status CopyKernel(const Step& step, RunContext&) {
  step.out[0].kind = step.in[0].value->kind;
  return step.out[0].value->CopyFrom(*step.in[0].value);
}

Status Bind(BindContext& ctx) {
  if (ctx.In(0).kind == ValueKind::kTensor) {
    ctx.SetView(0, 0);
  } else {
    ctx.SetKernel(CopyKernel);
  }
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Identity) {
  return {.name = "Identity",
          .since = 25,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind,
          .layout = webinfer::Layout::kElementwise};
}
