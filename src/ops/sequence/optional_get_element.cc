// OptionalGetElement: the value in an optional, which must not be empty; a plain tensor or sequence passes as it is.
#include <cstring>

#include "ops/sequence/sequence.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  if (!ctx.HasOutput(0)) return OkStatus();
  // What an optional holds, a tensor or a sequence, is only seen in the run.
  ctx.Out(0).kind = ctx.In(0).kind == ValueKind::kOptional ? ValueKind::kTensor : ctx.In(0).kind;
  ctx.Out(0).dtype = ctx.In(0).dtype;
  ctx.Out(0).shape = ctx.In(0).kind == ValueKind::kTensor ? ctx.In(0).shape : Shape::UnknownRank();
  return OkStatus();
}

Status Kernel(const Step& step, RunContext& run) {
  const RuntimeValue& value = *step.in[0].value;  // the operand may be older than the value
  Operand& out = step.out[0];
  if (value.kind == ValueKind::kOptional) return Error(Code::kInvalidArgument, "The optional is empty");
  if (value.kind != ValueKind::kTensor) {
    out.kind = value.kind;
    return out.value->CopyFrom(value);
  }
  WEBINFER_TRY(run.Resize(out, value.tensor.dtype, value.tensor.shape));
  std::memcpy(out.data, value.tensor.buffer.data(), out.bytes());
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  if (ctx.In(0).kind == ValueKind::kTensor) {
    ctx.SetView(0, 0);
  } else {
    ctx.SetKernel(Kernel);
  }
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(OptionalGetElement) {
  return {.name = "OptionalGetElement", .since = 18, .infer = webinfer::ops::Infer, .bind = webinfer::ops::Bind};
}
