#include "ops/reduce/along_axis.h"

#include "kernels/elements.h"

namespace webinfer::ops {

Status InferArgExtreme(InferContext& ctx) {
  Shape shape = ctx.In(0).shape;
  if (!shape.rank_known()) return ctx.SetOutput(0, DType::kInt64, shape);
  WEBINFER_ASSIGN(const int axis, NormalizeAxis(ctx.attributes().Int("axis", 0), shape.rank()));
  if (ctx.attributes().Int("keepdims", 1) != 0) {
    shape[axis] = 1;
  } else {
    shape.Erase(axis);
  }
  return ctx.SetOutput(0, DType::kInt64, shape);
}

namespace {

struct ArgExtremeParams {
  kernels::AxisView view;
  bool largest, last;
};

Status RunArgExtreme(const Step& step, RunContext& run) {
  const auto& p = step.Params<ArgExtremeParams>();
  kernels::ArgExtreme(step.in[0].dtype, step.in[0].data, p.view, p.largest, p.last, step.out[0].As<int64_t>(), run.pool());
  return OkStatus();
}

Status BindArgExtreme(BindContext& ctx, bool largest) {
  const Shape& shape = ctx.In(0).shape;
  WEBINFER_ASSIGN(const int axis, NormalizeAxis(ctx.attributes().Int("axis", 0), shape.rank()));
  ScalarType type;
  if (!ScalarTypeOf(ctx.In(0).dtype, &type)) {
    return Error(Code::kUnsupported, "%s does not take this type", ctx.node().op.c_str())
        .Actual("%s", DTypeName(ctx.In(0).dtype));
  }
  WEBINFER_ASSIGN(ArgExtremeParams * params, ctx.Params<ArgExtremeParams>());
  *params = {ViewAround(shape, axis), largest, ctx.attributes().Int("select_last_index", 0) != 0};
  if (params->view.length == 0 && ctx.Out(0).shape.Elements() > 0) {
    return Error(Code::kShapeMismatch, "%s of no elements", ctx.node().op.c_str()).Actual("%s", ShapeText(shape).text);
  }
  ctx.SetKernel(RunArgExtreme);
  return OkStatus();
}

Status RunCumulative(const Step& step, bool product) {
  const Operand& in = step.in[0];
  double axis_number = 0;
  kernels::ReadNumber(step.in[1].dtype, step.in[1].data, 0, &axis_number);
  WEBINFER_ASSIGN(const int axis, NormalizeAxis(static_cast<int64_t>(axis_number), in.shape.rank()));
  const Attributes& attributes = step.node->attributes;
  const kernels::CumulativeOptions options = {product, attributes.Int("exclusive", 0) != 0, attributes.Int("reverse", 0) != 0};
  kernels::Cumulate(in.dtype, in.data, ViewAround(in.shape, axis), options, step.out[0].data);
  return OkStatus();
}

}  // namespace

Status BindArgMax(BindContext& ctx) { return BindArgExtreme(ctx, true); }
Status BindArgMin(BindContext& ctx) { return BindArgExtreme(ctx, false); }

Status InferCumulative(InferContext& ctx) {
  const ValueInfo& axis = ctx.In(1);
  if (axis.shape.known() && axis.shape.Elements() != 1) {
    return Error(Code::kShapeMismatch, "The axis must be one number").Actual("%s", ShapeText(axis.shape).text);
  }
  return ctx.SetOutput(0, ctx.In(0).dtype, ctx.In(0).shape);
}

Status RunCumSum(const Step& step, RunContext&) { return RunCumulative(step, false); }
Status RunCumProd(const Step& step, RunContext&) { return RunCumulative(step, true); }

}  // namespace webinfer::ops
