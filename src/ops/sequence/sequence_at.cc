// SequenceAt: the tensor at `position` of a sequence.
#include <cstring>

#include "ops/sequence/sequence.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  WEBINFER_TRY(ExpectSequence(ctx, 0));
  WEBINFER_TRY(ExpectPositionType(ctx, 1));
  return ctx.SetOutput(0, ctx.In(0).dtype, Shape::UnknownRank());
}

Status Kernel(const Step& step, RunContext& run) {
  const std::vector<RuntimeValue>& in = step.in[0].value->elements;
  const auto size = static_cast<int64_t>(in.size());
  int64_t position;
  WEBINFER_TRY(PositionOf(step, 1, size, size - 1, 0, &position));
  WEBINFER_TRY(ExpectTensorElement(in[static_cast<size_t>(position)]));
  const TensorView element = in[static_cast<size_t>(position)].tensor.view();
  WEBINFER_TRY(run.Resize(step.out[0], element.dtype, element.shape));
  std::memcpy(step.out[0].data, element.data, element.bytes());
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(SequenceAt) {
  return {.name = "SequenceAt",
          .since = 11,
          .min_inputs = 2,
          .max_inputs = 2,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
