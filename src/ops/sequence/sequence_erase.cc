// SequenceErase: the sequence without the tensor at `position`, or without its last.
#include "ops/sequence/sequence.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  WEBINFER_TRY(ExpectSequence(ctx, 0));
  WEBINFER_TRY(ExpectPositionType(ctx, 1));
  SetSequence(ctx, 0, ctx.In(0).dtype);
  return OkStatus();
}

Status Kernel(const Step& step, RunContext&) {
  const std::vector<RuntimeValue>& in = step.in[0].value->elements;
  if (in.empty()) return Error(Code::kOutOfRange, "Nothing can be erased from an empty sequence");
  const auto size = static_cast<int64_t>(in.size());
  int64_t position;
  WEBINFER_TRY(PositionOf(step, 1, size, size - 1, size - 1, &position));
  const auto at = static_cast<size_t>(position);
  RuntimeValue& sequence = StartSequence(step.out[0], step.in[0].dtype, in.size() - 1);
  for (size_t i = 0; i + 1 < in.size(); ++i) WEBINFER_TRY(sequence.elements[i].CopyFrom(in[i < at ? i : i + 1]));
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(SequenceErase) {
  return {.name = "SequenceErase",
          .since = 11,
          .min_inputs = 1,
          .max_inputs = 2,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
