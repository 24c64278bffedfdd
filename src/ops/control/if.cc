// If: runs one of two bodies. Output shapes are static where both agree.
#include "ops/control/body.h"

namespace webinfer::ops {
namespace {

struct IfParams {
  int32_t then_body, else_body;
};

// What holds of a value whichever of two types it has.
ValueType Common(const ValueType& a, const ValueType& b) {
  ValueType type = a;
  if (type.dtype == DType::kUndefined) type.dtype = b.dtype;
  if (a.shape.rank() != b.shape.rank()) type.shape = Shape::UnknownRank();
  for (int i = 0; i < type.shape.rank(); ++i) {
    if (a.shape[i] != b.shape[i]) type.shape[i] = kUnknownDim;
  }
  return type;
}

Status Infer(InferContext& ctx) {
  WEBINFER_ASSIGN(const int then_body, BodyOf(ctx.node(), "then_branch"));
  WEBINFER_ASSIGN(const int else_body, BodyOf(ctx.node(), "else_branch"));
  WEBINFER_TRY(ExpectBody(ctx.node(), then_body, 0, ctx.output_count()));
  WEBINFER_TRY(ExpectBody(ctx.node(), else_body, 0, ctx.output_count()));
  const ValueInfo& condition = ctx.In(0);
  if (condition.dtype != DType::kBool && condition.dtype != DType::kUndefined) {
    return Error(Code::kTypeMismatch, "The condition has the wrong type")
        .Expected("bool")
        .Actual("%s", DTypeName(condition.dtype));
  }
  if (condition.shape.known() && condition.shape.Elements() != 1) {
    return Error(Code::kShapeMismatch, "The condition is not one element").Actual("%s", ShapeText(condition.shape).text);
  }
  for (int i = 0; i < ctx.output_count(); ++i) {
    SetOutputType(ctx, i, Common(BodyOutput(ctx.node(), then_body, i), BodyOutput(ctx.node(), else_body, i)));
  }
  return OkStatus();
}

Status Kernel(const Step& step, RunContext& run) {
  const auto& params = step.Params<IfParams>();
  const int body = *step.in[0].As<bool>() ? params.then_body : params.else_body;
  std::span<const Operand> outputs;
  WEBINFER_TRY(run.bodies().RunBody(*step.node, body, {step.in + 1, static_cast<size_t>(step.input_count) - 1}, &outputs));
  for (int i = 0; i < step.output_count; ++i) WEBINFER_TRY(CopyOut(run, step.out[i], outputs[static_cast<size_t>(i)]));
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  WEBINFER_ASSIGN(IfParams * params, ctx.Params<IfParams>());
  WEBINFER_ASSIGN(params->then_body, BodyOf(ctx.node(), "then_branch"));
  WEBINFER_ASSIGN(params->else_body, BodyOf(ctx.node(), "else_branch"));
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(If) {
  return {.name = "If",
          .since = 25,
          .min_inputs = 1,
          .max_inputs = -1,
          .min_outputs = 1,
          .max_outputs = -1,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
