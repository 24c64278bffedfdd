// Dropout in inference: the input itself, and a mask that keeps everything.
#include "ops/op.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  WEBINFER_TRY(ctx.SetOutput(0, ctx.In(0).dtype, ctx.In(0).shape));
  return ctx.SetOutput(1, DType::kBool, ctx.In(0).shape);
}

// Training with a ratio other than 0 draws random numbers.
Status CheckInference(const LowerContext& ctx) {
  if (!ctx.HasInput(2)) return OkStatus();
  const auto* training = static_cast<const bool*>(ctx.In(2).known);
  const auto* ratio = ctx.HasInput(1) ? static_cast<const float*>(ctx.In(1).known) : nullptr;
  const bool keeps_all = ratio != nullptr && ctx.In(1).dtype == DType::kFloat32 && *ratio == 0;
  if ((training != nullptr && !*training) || keeps_all) return OkStatus();
  return Error(Code::kUnsupported, "Dropout is only done in inference").Expected("training_mode = false");
}

Status Lower(LowerContext& ctx, bool*) {
  WEBINFER_TRY(CheckInference(ctx));
  ctx.Return(0, ctx.Input(0));
  if (!ctx.HasOutput(1)) return OkStatus();
  WEBINFER_ASSIGN(const ValueId kept, ctx.Scalar(DType::kBool, 1));
  ctx.Return(1, ctx.Add("Expand", {kept, ctx.Add("Shape", {ctx.Input(0)})}));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Dropout) {
  return {.name = "Dropout",
          .since = 22,
          .min_inputs = 1,
          .max_inputs = 3,
          .max_outputs = 2,
          .infer = webinfer::ops::Infer,
          .lower = webinfer::ops::Lower,
          .layout = webinfer::Layout::kElementwise};
}
