// Split: parts of a tensor along `axis`, of the sizes in input `split` or of `num_outputs` equal sizes (the last smaller).
#include <algorithm>

#include "ops/array/move.h"

namespace webinfer::ops {
namespace {

struct SplitParams {
  int64_t outer, inner;  // elements before and after the axis
  int64_t dim;
  int64_t* sizes;
};

// The size of part `i`; kUnknownDim where that is not known yet.
struct Parts {
  IntList sizes;
  bool by_input = false, known = false;
  int64_t chunk = 0, dim = 0;

  Status Read(InferContext& ctx, int64_t axis_dim) {
    dim = axis_dim;
    by_input = ctx.HasInput(1);
    known = by_input ? ctx.KnownInts(1, &sizes) : dim >= 0;
    if (by_input && !known) ctx.NeedValue(1);
    const int64_t parts = by_input ? ctx.output_count() : ctx.attributes().Int("num_outputs", ctx.output_count());
    if (parts != ctx.output_count() || (by_input && known && sizes.size != parts)) {
      return Error(Code::kInvalidModel, "Split has another number of parts than of outputs")
          .Expected("%d parts", ctx.output_count())
          .Actual("%lld", static_cast<long long>(by_input ? sizes.size : parts));
    }
    chunk = known ? (dim + parts - 1) / parts : 0;
    return OkStatus();
  }
  int64_t Size(int i) const {
    if (!known) return kUnknownDim;
    if (by_input) return sizes[i];
    return std::clamp<int64_t>(dim - chunk * i, 0, chunk);
  }
};

Status SetShapes(InferContext& ctx, int axis) {
  const Shape& in = ctx.In(0).shape;
  Parts parts;
  WEBINFER_TRY(parts.Read(ctx, in[axis]));
  int64_t sum = 0;
  for (int i = 0; i < ctx.output_count(); ++i) {
    Shape out = in;
    out[axis] = parts.Size(i);
    if (parts.known && (out[axis] < 0 || (in[axis] >= 0 && out[axis] > in[axis] - sum))) {
      return Error(Code::kShapeMismatch, "The split sizes do not fit the dimension")
          .Expected("sizes that add up to %lld", static_cast<long long>(in[axis]))
          .Actual("size %lld for part %d", static_cast<long long>(out[axis]), i);
    }
    sum += out[axis];
    WEBINFER_TRY(ctx.SetOutput(i, ctx.In(0).dtype, out));
  }
  if (parts.known && in[axis] >= 0 && sum != in[axis]) {
    return Error(Code::kShapeMismatch, "The split sizes do not add up to the dimension")
        .Expected("a sum of %lld", static_cast<long long>(in[axis]))
        .Actual("%lld", static_cast<long long>(sum));
  }
  return OkStatus();
}

Status Infer(InferContext& ctx) {
  const Shape& in = ctx.In(0).shape;
  if (in.rank_known()) {
    WEBINFER_ASSIGN(const int axis, AxisAttribute(ctx, 0, 0));
    return SetShapes(ctx, axis);
  }
  IntList sizes;
  if (ctx.HasInput(1) && !ctx.KnownInts(1, &sizes)) ctx.NeedValue(1);
  for (int i = 0; i < ctx.output_count(); ++i) WEBINFER_TRY(ctx.SetOutput(i, ctx.In(0).dtype, Shape::UnknownRank()));
  return OkStatus();
}

Status Kernel(const Step& step, RunContext& run) {
  const auto& params = step.Params<SplitParams>();
  const auto element_bytes = static_cast<int32_t>(DTypeBytes(step.in[0].dtype));
  const auto* src = step.in[0].As<uint8_t>();
  for (int i = 0; i < step.output_count; ++i) {
    const int64_t row = params.sizes[i] * params.inner;
    kernels::StridedCopy copy;
    copy.element_bytes = element_bytes;
    copy.Append(params.outer, params.dim * params.inner, row);
    copy.Append(row, 1, 1);
    kernels::Simplify(&copy);
    if (step.out[i].present) RunMove(copy, src, step.out[i].data, run.pool());
    src += row * element_bytes;
  }
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  WEBINFER_ASSIGN(const int axis, AxisAttribute(ctx, 0, 0));
  const Shape& in = ctx.In(0).shape;
  if (ctx.output_count() == 1) {
    ctx.SetView(0, 0);
    return OkStatus();
  }
  WEBINFER_TRY(ExpectWholeBytes(ctx, 0));
  WEBINFER_ASSIGN(SplitParams * params, ctx.Params<SplitParams>());
  params->outer = in.Elements(0, axis);
  params->inner = in.Elements(axis + 1, in.rank());
  params->dim = in[axis];
  Parts parts;
  WEBINFER_TRY(parts.Read(ctx, in[axis]));
  WEBINFER_ASSIGN(void* sizes, ctx.Allocate(static_cast<size_t>(ctx.output_count()) * sizeof(int64_t)));
  params->sizes = static_cast<int64_t*>(sizes);
  for (int i = 0; i < ctx.output_count(); ++i) params->sizes[i] = parts.Size(i);
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Split) {
  return {.name = "Split",
          .since = 18,
          .min_inputs = 1,
          .max_inputs = 2,
          .min_outputs = 1,
          .max_outputs = -1,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
