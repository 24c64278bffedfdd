// SequenceEmpty: a sequence of no tensors, of element type `dtype`.
#include "ops/sequence/sequence.h"

namespace webinfer::ops {
namespace {

DType TypeOf(const Attributes& attributes) {
  return static_cast<DType>(attributes.Int("dtype", static_cast<int64_t>(DType::kFloat32)));
}

Status Infer(InferContext& ctx) {
  SetSequence(ctx, 0, TypeOf(ctx.attributes()));
  return OkStatus();
}

Status Kernel(const Step& step, RunContext&) {
  StartSequence(step.out[0], TypeOf(step.node->attributes), 0);
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(SequenceEmpty) {
  return {.name = "SequenceEmpty",
          .since = 11,
          .min_inputs = 0,
          .max_inputs = 0,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
