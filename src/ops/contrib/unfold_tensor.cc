// UnfoldTensor: all slices of `size` elements along axis `dim`, `step` apart; the slices' elements are a new last axis.
#include "ops/array/move.h"

namespace webinfer::ops {
namespace {

struct Windows {
  int axis;
  int64_t size, step;
};

Result<Windows> Read(const InferContext& ctx) {
  const Shape& x = ctx.In(0).shape;
  Windows w{0, ctx.attributes().Int("size", 0), ctx.attributes().Int("step", 1)};
  WEBINFER_ASSIGN(w.axis, NormalizeAxis(ctx.attributes().Int("dim", -1), x.rank()));
  const bool fits = w.size >= 1 && w.step >= 1 && x.rank() < kMaxRank && (x[w.axis] < 0 || x[w.axis] >= w.size);
  if (fits) return w;
  return Error(Code::kShapeMismatch, "UnfoldTensor's slices do not fit its input")
      .Expected("size >= 1, step >= 1")
      .Actual("%lld and %lld for %s", static_cast<long long>(w.size), static_cast<long long>(w.step), ShapeText(x).text);
}

Status Infer(InferContext& ctx) {
  Shape out = ctx.In(0).shape;
  if (!out.rank_known()) return ctx.SetOutput(0, ctx.In(0).dtype, out);
  WEBINFER_ASSIGN(const Windows w, Read(ctx));
  out[w.axis] = out[w.axis] < 0 ? kUnknownDim : (out[w.axis] - w.size) / w.step + 1;
  out.Append(w.size);
  return ctx.SetOutput(0, ctx.In(0).dtype, out);
}

Status Bind(BindContext& ctx) {
  WEBINFER_TRY(ExpectWholeBytes(ctx, 0));
  WEBINFER_ASSIGN(const Windows w, Read(ctx));
  const Shape& out = ctx.Out(0).shape;
  const Strides from(ctx.In(0).shape), to(out);
  kernels::StridedCopy copy;
  for (int i = 0; i < out.rank() - 1; ++i) copy.Append(out[i], i == w.axis ? from[i] * w.step : from[i], to[i]);
  copy.Append(w.size, from[w.axis], 1);
  return BindMove(ctx, 0, 0, copy);
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_UnfoldTensor) {
  return {.name = "UnfoldTensor", .domain = "com.microsoft", .infer = webinfer::ops::Infer, .bind = webinfer::ops::Bind};
}
