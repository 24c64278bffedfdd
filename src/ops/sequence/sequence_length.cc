// SequenceLength: the number of tensors in a sequence, an int64 scalar.
#include "ops/sequence/sequence.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  WEBINFER_TRY(ExpectSequence(ctx, 0));
  return ctx.SetOutput(0, DType::kInt64, Shape());
}

Status Kernel(const Step& step, RunContext&) {
  *step.out[0].As<int64_t>() = static_cast<int64_t>(step.in[0].value->elements.size());
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(SequenceLength) {
  return {.name = "SequenceLength", .since = 11, .infer = webinfer::ops::Infer, .bind = webinfer::ops::Bind};
}
