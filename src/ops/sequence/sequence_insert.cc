// SequenceInsert: the sequence with one more tensor, before `position` or at the end.
#include "ops/sequence/sequence.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  WEBINFER_TRY(ExpectSequence(ctx, 0));
  WEBINFER_TRY(ExpectTensor(ctx, 1));
  WEBINFER_TRY(ExpectPositionType(ctx, 2));
  SetSequence(ctx, 0, ctx.In(1).dtype != DType::kUndefined ? ctx.In(1).dtype : ctx.In(0).dtype);
  return OkStatus();
}

Status Kernel(const Step& step, RunContext&) {
  const std::vector<RuntimeValue>& in = step.in[0].value->elements;
  const auto size = static_cast<int64_t>(in.size());
  int64_t position;
  WEBINFER_TRY(PositionOf(step, 2, size, size, size, &position));
  const auto at = static_cast<size_t>(position);
  RuntimeValue& sequence = StartSequence(step.out[0], step.in[1].dtype, in.size() + 1);
  for (size_t i = 0; i < in.size(); ++i) WEBINFER_TRY(sequence.elements[i < at ? i : i + 1].CopyFrom(in[i]));
  return sequence.elements[at].CopyFrom(step.in[1].view());
}

Status Bind(BindContext& ctx) {
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(SequenceInsert) {
  return {.name = "SequenceInsert",
          .since = 11,
          .min_inputs = 2,
          .max_inputs = 3,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
