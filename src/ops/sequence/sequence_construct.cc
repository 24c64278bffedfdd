// SequenceConstruct: a sequence of the input tensors.
#include "ops/sequence/sequence.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  for (int i = 0; i < ctx.input_count(); ++i) {
    WEBINFER_TRY(ExpectTensor(ctx, i));
    WEBINFER_TRY(ctx.ExpectSameDType(0, i));
  }
  SetSequence(ctx, 0, ctx.In(0).dtype);
  return OkStatus();
}

Status Kernel(const Step& step, RunContext&) {
  RuntimeValue& sequence = StartSequence(step.out[0], step.in[0].dtype, step.input_count);
  for (int i = 0; i < step.input_count; ++i) WEBINFER_TRY(sequence.elements[static_cast<size_t>(i)].CopyFrom(step.in[i].view()));
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(SequenceConstruct) {
  return {.name = "SequenceConstruct",
          .since = 11,
          .min_inputs = 1,
          .max_inputs = -1,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
