// Slice: starts, ends, axes and steps as NumPy's a[start:end:step]; a view where the elements stand together.
#include <algorithm>

#include "ops/array/move.h"

namespace webinfer::ops {
namespace {

struct Range {
  int64_t start = 0, step = 1, size = 0;
};

// NumPy's clamping of one slice of a dimension of `dim` elements.
Range Clamp(int64_t dim, int64_t start, int64_t end, int64_t step) {
  Range range;
  range.step = step;
  if (start < 0) start += dim;
  if (end < 0) end += dim;
  if (step > 0) {
    start = std::clamp<int64_t>(start, 0, dim);
    end = std::clamp<int64_t>(end, 0, dim);
    range.size = end <= start ? 0 : (end - start - 1) / step + 1;
  } else {
    start = std::clamp<int64_t>(start, -1, dim - 1);
    end = std::clamp<int64_t>(end, -1, dim - 1);
    range.size = start <= end ? 0 : (start - end - 1) / -step + 1;  // step INT64_MIN was refused
  }
  range.start = range.size == 0 ? 0 : start;
  return range;
}

// The slice of every axis of the input, whose rank is known. Sizes of unknown dimensions are kUnknownDim, except where the
// slice keeps all of the dimension.
struct Slices {
  Range axes[kMaxRank];
  bool known = true;  // starts, ends, axes and steps are

  Status Read(InferContext& ctx) {
    const Shape& in = ctx.In(0).shape;
    for (int i = 0; i < in.rank(); ++i) axes[i].size = in[i];
    IntList starts, ends, names, steps;
    const bool have_starts = ctx.KnownInts(1, &starts), have_ends = ctx.KnownInts(2, &ends);
    const bool have_axes = !ctx.HasInput(3) || ctx.KnownInts(3, &names);
    const bool have_steps = !ctx.HasInput(4) || ctx.KnownInts(4, &steps);
    known = have_starts && have_ends && have_axes && have_steps;
    if (!have_starts) ctx.NeedValue(1);
    if (!have_ends) ctx.NeedValue(2);
    if (!have_axes) ctx.NeedValue(3);
    if (!have_steps) ctx.NeedValue(4);
    if (!have_axes) {
      for (int i = 0; i < in.rank(); ++i) axes[i].size = kUnknownDim;
      return OkStatus();
    }
    int count = ctx.HasInput(3) ? names.size : have_starts ? starts.size : have_ends ? ends.size : in.rank();
    if ((have_starts && starts.size != count) || (have_ends && ends.size != count) ||
        (have_steps && ctx.HasInput(4) && steps.size != count)) {
      return Error(Code::kInvalidModel, "starts, ends, axes and steps differ in length")
          .Expected("%d numbers", count)
          .Actual("%d starts, %d ends, %d steps", starts.size, ends.size, steps.size);
    }
    for (int i = 0; i < count; ++i) {
      WEBINFER_ASSIGN(const int axis, NormalizeAxis(ctx.HasInput(3) ? names[i] : i, in.rank()));
      if (!known) {
        axes[axis].size = kUnknownDim;
        continue;
      }
      const int64_t step = ctx.HasInput(4) ? steps[i] : 1;
      if (step == 0 || step == INT64_MIN) {
        return Error(Code::kInvalidModel, "A slice has an impossible step")
            .Expected("any but 0")
            .Actual("%lld", static_cast<long long>(step));
      }
      if (in[axis] >= 0) {
        axes[axis] = Clamp(in[axis], starts[i], ends[i], step);
      } else {
        const bool all = starts[i] == 0 && ends[i] >= INT32_MAX && step == 1;
        axes[axis].size = all ? in[axis] : kUnknownDim;
      }
    }
    return OkStatus();
  }
};

Status Infer(InferContext& ctx) {
  const Shape& in = ctx.In(0).shape;
  for (int i = 1; i < ctx.input_count(); ++i) {
    if (ctx.HasInput(i)) WEBINFER_TRY(ExpectIndexType(ctx, i));
  }
  if (!in.rank_known()) {
    for (int i = 1; i < ctx.input_count(); ++i) {
      IntList ignored;
      if (ctx.HasInput(i) && !ctx.KnownInts(i, &ignored)) ctx.NeedValue(i);
    }
    return ctx.SetOutput(0, ctx.In(0).dtype, Shape::UnknownRank());
  }
  Slices slices;
  WEBINFER_TRY(slices.Read(ctx));
  Shape out = in;
  for (int i = 0; i < in.rank(); ++i) out[i] = slices.axes[i].size;
  return ctx.SetOutput(0, ctx.In(0).dtype, out);
}

Status Bind(BindContext& ctx) {
  const Shape& out = ctx.Out(0).shape;
  Slices slices;
  WEBINFER_TRY(slices.Read(ctx));
  const Strides src(ctx.In(0).shape), dst(out);
  kernels::StridedCopy copy;
  int64_t offset = 0;
  for (int i = 0; i < out.rank(); ++i) {
    offset += slices.axes[i].start * src[i];
    copy.Append(out[i], out[i] > 1 ? src[i] * slices.axes[i].step : 0, dst[i]);  // a step may be near the largest integer
  }
  return BindMove(ctx, 0, 0, copy, out.Elements() == 0 ? 0 : offset);
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Slice) {
  return {
      .name = "Slice", .since = 13, .min_inputs = 3, .max_inputs = 5, .infer = webinfer::ops::Infer, .bind = webinfer::ops::Bind};
}
