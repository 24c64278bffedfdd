// Concat: tensors one behind the other along `axis`.
#include "ops/array/move.h"

namespace webinfer::ops {
namespace {

struct ConcatParams {
  int64_t outer, inner;
  int64_t dim;
  int32_t axis;
};

Status Infer(InferContext& ctx) {
  Shape out = Shape::UnknownRank();
  int64_t total = 0;
  int axis = -1;
  DType dtype = DType::kUndefined;
  for (int i = 0; i < ctx.input_count(); ++i) {
    const ValueInfo& in = ctx.In(i);
    if (dtype == DType::kUndefined) dtype = in.dtype;
    WEBINFER_TRY(ctx.ExpectSameDType(0, i));
    if (!in.shape.rank_known()) {
      total = kUnknownDim;
      continue;
    }
    if (axis < 0) {
      WEBINFER_ASSIGN(axis, AxisAttribute(ctx, i, 0));
    }
    Shape rest = in.shape;
    if (!out.rank_known()) out = rest;
    if (rest.rank() == out.rank()) {
      total = total < 0 || rest[axis] < 0 ? kUnknownDim : total + rest[axis];
      rest[axis] = out[axis];
    }
    Result<Shape> merged = MergeShapes(out, rest);
    if (!merged.ok()) {
      return Error(Code::kShapeMismatch, "Concat's inputs differ outside of the axis")
          .Expected("the shape %s except for axis %d", ShapeText(out).text, axis)
          .Actual("input %d: %s", i, ShapeText(in.shape).text);
    }
    out = *merged;
  }
  if (out.rank_known()) out[axis] = ctx.input_count() == 1 ? ctx.In(0).shape[axis] : total;
  return ctx.SetOutput(0, dtype, out);
}

Status Kernel(const Step& step, RunContext& run) {
  const auto& params = step.Params<ConcatParams>();
  const auto element_bytes = static_cast<int32_t>(DTypeBytes(step.out[0].dtype));
  auto* dst = step.out[0].As<uint8_t>();
  for (int i = 0; i < step.input_count; ++i) {
    const int64_t row = step.in[i].shape[params.axis] * params.inner;
    kernels::StridedCopy copy;
    copy.element_bytes = element_bytes;
    copy.Append(params.outer, row, params.dim * params.inner);
    copy.Append(row, 1, 1);
    kernels::Simplify(&copy);
    RunMove(copy, step.in[i].data, dst, run.pool());
    dst += row * element_bytes;
  }
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  WEBINFER_ASSIGN(const int axis, AxisAttribute(ctx, 0, 0));
  const Shape& out = ctx.Out(0).shape;
  if (ctx.input_count() == 1) {
    ctx.SetView(0, 0);
    return OkStatus();
  }
  WEBINFER_TRY(ExpectWholeBytes(ctx, 0));
  WEBINFER_ASSIGN(ConcatParams * params, ctx.Params<ConcatParams>());
  params->outer = out.Elements(0, axis);
  params->inner = out.Elements(axis + 1, out.rank());
  params->dim = out[axis];
  params->axis = axis;
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Concat) {
  return {.name = "Concat",
          .since = 13,
          .min_inputs = 1,
          .max_inputs = -1,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind,
          .layout = webinfer::Layout::kAxis};
}
