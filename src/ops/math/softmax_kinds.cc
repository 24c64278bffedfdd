#include "ops/math/softmax.h"
#include "ops/reduce/along_axis.h"

namespace webinfer::ops {

Status InferSoftmax(InferContext& ctx) {
  const Shape& shape = ctx.In(0).shape;
  if (shape.rank_known()) WEBINFER_TRY(NormalizeAxis(ctx.attributes().Int("axis", -1), shape.rank()).status());
  return ctx.SetOutput(0, ctx.In(0).dtype, shape);
}

namespace {

struct SoftmaxParams {
  kernels::AxisView view;
  kernels::SoftmaxKind kind;
};

Status Run(const Step& step, RunContext& run) {
  const auto& params = step.Params<SoftmaxParams>();
  kernels::RunSoftmax(step.in[0].dtype, step.in[0].data, params.view, params.kind, step.out[0].data, step.scratch, run.pool());
  return OkStatus();
}

}  // namespace

Status BindSoftmaxKind(BindContext& ctx, kernels::SoftmaxKind kind) {
  const ValueInfo& in = ctx.In(0);
  if (!IsFloat(in.dtype)) {
    return Error(Code::kUnsupported, "%s takes floats", ctx.node().op.c_str()).Actual("%s", DTypeName(in.dtype));
  }
  WEBINFER_ASSIGN(const int axis, NormalizeAxis(ctx.attributes().Int("axis", -1), in.shape.rank()));
  WEBINFER_ASSIGN(SoftmaxParams * params, ctx.Params<SoftmaxParams>());
  *params = {ViewAround(in.shape, axis), kind};
  ctx.SetScratch(kernels::SoftmaxScratchBytes(in.dtype, params->view, kind, ctx.threads()));
  ctx.MayShare(0, 0);
  ctx.SetKernel(Run);
  return OkStatus();
}

}  // namespace webinfer::ops
