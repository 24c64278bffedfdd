#include "ops/quant/linear.h"

#include "ops/reduce/along_axis.h"

namespace webinfer::ops {

namespace {

using kernels::Quantization;

DType OutputType(const InferContext& ctx, DType otherwise) {
  const auto wanted = static_cast<DType>(ctx.attributes().Int("output_dtype", 0));
  return wanted == DType::kUndefined ? otherwise : wanted;
}

Result<Quantization> Describe(const InferContext& ctx) {
  const Shape &x = ctx.In(0).shape, &scale = ctx.In(1).shape;
  Quantization q;
  q.view = {1, 1, x.Elements()};
  q.block = ctx.attributes().Int("block_size", 0);
  q.saturate = ctx.attributes().Int("saturate", 1) != 0;
  if (scale.rank() == 0 || (scale.rank() == 1 && scale[0] == 1 && q.block == 0)) {
    q.block = 0;
    return q;
  }
  WEBINFER_ASSIGN(const int axis, NormalizeAxis(ctx.attributes().Int("axis", 1), x.rank()));
  q.view = ViewAround(x, axis);
  q.per_axis = q.block == 0;
  const int64_t blocks = q.block > 0 ? (x[axis] + q.block - 1) / q.block : 0;
  const bool fits = q.per_axis ? scale.rank() == 1 && scale[0] == x[axis]
                               : scale.rank() == x.rank() && scale.Elements() == q.view.outer * blocks * q.view.inner;
  if (!fits) {
    return Error(Code::kShapeMismatch, "%s: the scale does not fit", ctx.node().op.c_str())
        .Expected("one scale, one for each of %lld indices of axis %d, or blocks of it", static_cast<long long>(x[axis]), axis)
        .Actual("%s for %s", ShapeText(scale).text, ShapeText(x).text);
  }
  if (ctx.HasInput(2) && ctx.In(2).shape.Elements() != scale.Elements()) {
    return Error(Code::kShapeMismatch, "%s: scale and zero point differ", ctx.node().op.c_str())
        .Expected("%s", ShapeText(scale).text)
        .Actual("%s", ShapeText(ctx.In(2).shape).text);
  }
  return q;
}

kernels::Numbers NumbersOf(const Step& step, int i) {
  if (!step.HasInput(i)) return {};
  return {step.in[i].dtype, step.in[i].data};
}

using Work = void (*)(const Quantization&, kernels::Numbers, kernels::Numbers, kernels::Numbers, kernels::MutableNumbers,
                      ThreadPool&);

template <Work work>
Status Run(const Step& step, RunContext& run) {
  work(step.Params<Quantization>(), NumbersOf(step, 0), NumbersOf(step, 1), NumbersOf(step, 2),
       {step.out[0].dtype, step.out[0].data}, run.pool());
  return OkStatus();
}

template <Work work>
Status Bind(BindContext& ctx) {
  WEBINFER_ASSIGN(Quantization * params, ctx.Params<Quantization>());
  WEBINFER_ASSIGN(*params, Describe(ctx));
  ctx.SetKernel(Run<work>);
  return OkStatus();
}

}  // namespace

Status InferQuantizeLinear(InferContext& ctx) {
  const DType dtype = ctx.HasInput(2) ? ctx.In(2).dtype : OutputType(ctx, DType::kUint8);
  return ctx.SetOutput(0, dtype, ctx.In(0).shape);
}

Status InferDequantizeLinear(InferContext& ctx) { return ctx.SetOutput(0, OutputType(ctx, ctx.In(1).dtype), ctx.In(0).shape); }

Status BindQuantizeLinear(BindContext& ctx) { return Bind<kernels::Quantize>(ctx); }
Status BindDequantizeLinear(BindContext& ctx) { return Bind<kernels::Dequantize>(ctx); }

}  // namespace webinfer::ops
