// Resize (ONNX 19): nearest, linear and cubic, on any axes. Nearest neighbours move elements of every type; the other modes
// compute in float32, one axis after the other. With `axes`, what scales, sizes and roi list are those axes only.
#include "kernels/resize.h"

#include <algorithm>
#include <cmath>

#include "ops/float32.h"
#include "ops/nn/resample.h"

namespace webinfer::ops {
namespace {

enum Input { kX = 0, kRoi = 1, kScales = 2, kSizes = 3 };

struct ResizeAxes {
  ResampleMode mode;
  int count = 0;
  int axes[kMaxRank];
  ResampleAxis resample[kMaxRank];  // by position in `axes`
};

bool SeesRoi(const ResampleMode& mode) { return mode.coordinates == ResampleMode::Coordinates::kTfCropAndResize; }

bool IsKnown(const InferContext& ctx, int i, int64_t count) {
  return ctx.In(i).known != nullptr && ctx.In(i).shape.known() && ctx.In(i).shape.Elements() == count;
}

Status ReadAxes(const InferContext& ctx, int rank, ResizeAxes* resize) {
  const std::span<const int64_t> given = ctx.attributes().Ints("axes");
  resize->count = given.empty() ? rank : static_cast<int>(given.size());
  if (resize->count > rank) return Error(Code::kInvalidModel, "Resize lists more axes than the input has");
  for (int i = 0; i < resize->count; ++i) {
    if (given.empty()) {
      resize->axes[i] = i;
    } else {
      WEBINFER_ASSIGN(resize->axes[i], NormalizeAxis(given[static_cast<size_t>(i)], rank));
    }
  }
  return OkStatus();
}

// Sizes and scales as `sizes` and keep_aspect_ratio_policy give them.
void SizesToScales(const InferContext& ctx, const IntList& sizes, ResizeAxes* resize) {
  const std::string_view policy = ctx.attributes().String("keep_aspect_ratio_policy", "stretch");
  float common = 0;
  for (int i = 0; i < resize->count; ++i) {
    ResampleAxis& axis = resize->resample[i];
    axis.out = sizes[i];
    axis.scale = static_cast<float>(axis.out) / static_cast<float>(axis.in);
    common = i == 0 ? axis.scale : policy == "not_larger" ? std::min(common, axis.scale) : std::max(common, axis.scale);
  }
  if (policy == "stretch") return;
  for (int i = 0; i < resize->count; ++i) {
    ResampleAxis& axis = resize->resample[i];
    axis.scale = common;
    axis.out = static_cast<int64_t>(std::floor(common * static_cast<float>(axis.in) + 0.5f));
  }
}

// Everything about a resize whose input shape, scales or sizes and roi are known. *complete: they are.
Status ReadResize(InferContext& ctx, ResizeAxes* resize, bool* complete) {
  const Shape& x = ctx.In(kX).shape;
  *complete = false;
  WEBINFER_TRY(ReadResampleMode(ctx.attributes(), &resize->mode));
  const bool by_sizes = ctx.HasInput(kSizes);
  if (by_sizes == ctx.HasInput(kScales)) {
    return Error(Code::kInvalidModel, "Resize takes either scales or sizes").Actual(by_sizes ? "both" : "neither");
  }
  ctx.NeedValue(by_sizes ? kSizes : kScales);
  if (SeesRoi(resize->mode)) ctx.NeedValue(kRoi);
  if (!x.rank_known()) return OkStatus();
  WEBINFER_TRY(ReadAxes(ctx, x.rank(), resize));
  IntList sizes;
  const int which = by_sizes ? kSizes : kScales;
  if (ctx.In(which).shape.known() && ctx.In(which).shape.Elements() != resize->count) {
    return Error(Code::kShapeMismatch, "Resize's %s do not fit its axes", by_sizes ? "sizes" : "scales")
        .Expected("%d", resize->count)
        .Actual("%s", ShapeText(ctx.In(which).shape).text);
  }
  if (by_sizes ? !ctx.KnownInts(kSizes, &sizes) : !IsKnown(ctx, kScales, resize->count)) return OkStatus();
  bool dims_known = true;
  for (int i = 0; i < resize->count; ++i) {
    ResampleAxis& axis = resize->resample[i];
    axis.in = x[resize->axes[i]];
    dims_known = dims_known && axis.in >= 0;
    if (by_sizes) continue;
    axis.scale = static_cast<const float*>(ctx.In(kScales).known)[i];
    if (!(axis.scale > 0))
      return Error(Code::kInvalidModel, "Resize's scales must be positive").Actual("%g", static_cast<double>(axis.scale));
    axis.out = axis.in < 0 ? kUnknownDim : static_cast<int64_t>(std::floor(axis.scale * static_cast<float>(axis.in)));
    if (axis.scale == 1.0f) axis.out = axis.in;
  }
  if (by_sizes) SizesToScales(ctx, sizes, resize);
  if (SeesRoi(resize->mode) && IsKnown(ctx, kRoi, 2 * resize->count)) {
    const auto* roi = static_cast<const float*>(ctx.In(kRoi).known);
    for (int i = 0; i < resize->count; ++i) {
      resize->resample[i].roi_start = roi[i];
      resize->resample[i].roi_end = roi[resize->count + i];
    }
  }
  *complete = dims_known || (by_sizes && ctx.attributes().String("keep_aspect_ratio_policy", "stretch") == "stretch");
  return OkStatus();
}

Status InferResize(InferContext& ctx) {
  ResizeAxes resize;
  bool complete = false;
  WEBINFER_TRY(ReadResize(ctx, &resize, &complete));
  const Shape& x = ctx.In(kX).shape;
  if (!x.rank_known()) return ctx.SetOutput(0, ctx.In(kX).dtype, Shape::UnknownRank());
  Shape out = x;
  const bool by_scales = ctx.HasInput(kScales) && IsKnown(ctx, kScales, resize.count);
  for (int i = 0; i < resize.count; ++i) {
    out[resize.axes[i]] = complete || (by_scales && resize.resample[i].in >= 0) ? resize.resample[i].out : kUnknownDim;
    if (by_scales && resize.resample[i].scale == 1.0f) out[resize.axes[i]] = x[resize.axes[i]];
  }
  return ctx.SetOutput(0, ctx.In(kX).dtype, out);
}

struct Passes {
  int count;
  kernels::ResizeAxis axes[kMaxRank];
};

Status RunPasses(const Step& step, RunContext& run) {
  const auto& p = step.Params<Passes>();
  auto* scratch = reinterpret_cast<float*>(step.scratch);
  const float* x = step.in[kX].As<float>();
  for (int i = 0; i < p.count; ++i) {
    const kernels::ResizeAxis& axis = p.axes[i];
    float* y = i + 1 == p.count ? step.out[0].As<float>() : scratch;
    kernels::RunResizeAxis(axis, x, y, run.pool());
    x = y;
    scratch += (axis.outer * axis.out * axis.inner + 15) / 16 * 16;
  }
  return OkStatus();
}

Status RunNearest(const Step& step, RunContext& run) {
  kernels::RunResizeNearest(step.Params<kernels::ResizeNearest>(), step.in[kX].data, step.out[0].data, run.pool());
  return OkStatus();
}

// The table of one axis in the binding's memory.
Status MakeTable(BindContext& ctx, const ResampleMode& mode, const ResampleAxis& axis, kernels::ResizeAxis* pass) {
  pass->in = axis.in;
  pass->out = axis.out;
  pass->taps = ResampleTaps(mode, axis);
  const auto entries = static_cast<size_t>(axis.out) * static_cast<size_t>(pass->taps);
  WEBINFER_ASSIGN(void* indices, ctx.Allocate(entries * sizeof(int32_t)));
  WEBINFER_ASSIGN(void* weights, ctx.Allocate(entries * sizeof(float)));
  WEBINFER_ASSIGN(void* outside, ctx.Allocate(static_cast<size_t>(axis.out)));
  FillResampleTable(mode, axis, static_cast<int32_t*>(indices), static_cast<float*>(weights), static_cast<uint8_t*>(outside));
  pass->indices = static_cast<const int32_t*>(indices);
  pass->weights = static_cast<const float*>(weights);
  if (SeesRoi(mode)) pass->outside = static_cast<const uint8_t*>(outside);
  pass->outside_value = mode.extrapolation_value;
  return OkStatus();
}

Status BindNearest(BindContext& ctx, const ResizeAxes& resize, const bool* changes) {
  const Shape& x = ctx.In(kX).shape;
  WEBINFER_ASSIGN(kernels::ResizeNearest * nearest, ctx.Params<kernels::ResizeNearest>());
  int last = -1;
  for (int i = 0; i < resize.count; ++i) last = changes[i] ? std::max(last, resize.axes[i]) : last;
  nearest->rank = last + 1;
  nearest->block_bytes = static_cast<int64_t>(DTypeBytes(ctx.In(kX).dtype)) * x.Elements(last + 1, x.rank());
  for (int axis = 0; axis <= last; ++axis) {
    ResampleAxis resample{x[axis], x[axis], 1, 0, 1};
    for (int i = 0; i < resize.count; ++i) {
      if (resize.axes[i] == axis) resample = resize.resample[i];
    }
    kernels::ResizeAxis table;
    WEBINFER_TRY(MakeTable(ctx, resize.mode, resample, &table));
    nearest->in[axis] = resample.in;
    nearest->out[axis] = resample.out;
    nearest->indices[axis] = table.indices;
  }
  ctx.SetKernel(RunNearest);
  return OkStatus();
}

Status BindPasses(BindContext& ctx, const ResizeAxes& resize, const bool* changes) {
  WEBINFER_ASSIGN(Passes * passes, ctx.Params<Passes>());
  Shape now = ctx.In(kX).shape;
  uint64_t scratch = 0;
  for (int axis = 0; axis < now.rank(); ++axis) {
    for (int i = 0; i < resize.count; ++i) {
      if (resize.axes[i] != axis || !changes[i]) continue;
      kernels::ResizeAxis& pass = passes->axes[passes->count++];
      WEBINFER_TRY(MakeTable(ctx, resize.mode, resize.resample[i], &pass));
      pass.outer = now.Elements(0, axis);
      pass.inner = now.Elements(axis + 1, now.rank());
      now[axis] = pass.out;
      WEBINFER_ASSIGN(const int64_t elements, now.CheckedElements());
      scratch += static_cast<uint64_t>(elements + 15) / 16 * 16;
    }
  }
  ctx.SetKernel(RunPasses);
  ctx.SetScratch(scratch * sizeof(float));
  return OkStatus();
}

Status BindResize(BindContext& ctx) {
  ResizeAxes resize;
  bool complete = false, any = false;
  WEBINFER_TRY(ReadResize(ctx, &resize, &complete));
  if (!complete) return Error(Code::kInternal, "Resize is bound before its scales or sizes are known");
  bool changes[kMaxRank];
  for (int i = 0; i < resize.count; ++i) {
    const ResampleAxis& axis = resize.resample[i];
    changes[i] =
        axis.scale != 1.0f || axis.in != axis.out || (SeesRoi(resize.mode) && (axis.roi_start != 0 || axis.roi_end != 1));
    any = any || changes[i];
    if (changes[i] && axis.in == 0) return Error(Code::kShapeMismatch, "Resize of an empty axis %d", resize.axes[i]);
  }
  if (!any) {
    ctx.SetView(0, kX);
    return OkStatus();
  }
  if (resize.mode.kind == ResampleMode::Kind::kNearest && !SeesRoi(resize.mode)) return BindNearest(ctx, resize, changes);
  if (ctx.In(kX).dtype == DType::kFloat32) return BindPasses(ctx, resize, changes);
  return Error(Code::kUnsupported, "Resize of this type").Expected("float32").Actual("%s", DTypeName(ctx.In(kX).dtype));
}

// Other types compute in float32.
Status LowerResize(LowerContext& ctx, bool* done) {
  const DType dtype = ctx.In(kX).dtype;
  ResampleMode mode;
  WEBINFER_TRY(ReadResampleMode(ctx.attributes(), &mode));
  *done = dtype != DType::kFloat32 && dtype != DType::kUndefined && (mode.kind != ResampleMode::Kind::kNearest || SeesRoi(mode));
  return *done ? ComputeInFloat32(ctx, uint64_t{1} << kX) : OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Resize) {
  using namespace webinfer::ops;
  return {.name = "Resize", .since = 19, .max_inputs = 4, .infer = InferResize, .bind = BindResize, .lower = LowerResize};
}
