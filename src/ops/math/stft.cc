// STFT: the Fourier transforms of a signal's frames, each weighted by a window.
#include <algorithm>

#include "base/visit_dtype.h"
#include "kernels/fft.h"
#include "ops/op.h"

namespace webinfer::ops {
namespace {

struct StftParams {
  kernels::FftPlan plan;
  int64_t batch, length, frames, step, bins;
  int32_t in_parts;
};

// False while the frame's step or length are not known.
Result<bool> ReadFrames(InferContext& ctx, int64_t* step, int64_t* frame) {
  const bool have_step = ctx.KnownInt(1, step);
  if (!have_step) ctx.NeedValue(1);
  bool have_frame = true;
  if (ctx.HasInput(3)) {
    have_frame = ctx.KnownInt(3, frame);
    if (!have_frame) ctx.NeedValue(3);
  } else {
    const Shape& from = ctx.HasInput(2) ? ctx.In(2).shape : ctx.In(0).shape;
    *frame = !from.rank_known() ? kUnknownDim : ctx.HasInput(2) ? from[0] : from[1];
    have_frame = *frame >= 0;
  }
  if (!have_step || !have_frame) return false;
  if (*step < 1 || *frame < 1) {
    return Error(Code::kInvalidModel, "Frames have an impossible step or length")
        .Expected("numbers above 0")
        .Actual("step %lld, length %lld", static_cast<long long>(*step), static_cast<long long>(*frame));
  }
  if (ctx.HasInput(2) && ctx.In(2).shape.known() && ctx.In(2).shape.Elements() != *frame) {
    return Error(Code::kShapeMismatch, "The window is not as long as a frame")
        .Expected("%lld", static_cast<long long>(*frame))
        .Actual("%s", ShapeText(ctx.In(2).shape).text);
  }
  return true;
}

int64_t BinsOf(const InferContext& ctx, int64_t frame) {
  return ctx.attributes().Int("onesided", 1) != 0 ? frame / 2 + 1 : frame;
}

Status Infer(InferContext& ctx) {
  WEBINFER_TRY(ctx.ExpectRank(0, 3));
  const Shape& in = ctx.In(0).shape;
  int64_t step, frame;
  WEBINFER_ASSIGN(const bool known, ReadFrames(ctx, &step, &frame));
  Shape out = Shape({in.rank_known() ? in[0] : kUnknownDim, kUnknownDim, kUnknownDim, 2});
  if (known) out[2] = BinsOf(ctx, frame);
  if (known && in.rank_known() && in[1] >= 0) {
    if (in[1] < frame) {
      return Error(Code::kShapeMismatch, "The signal is shorter than a frame")
          .Expected("at least %lld samples", static_cast<long long>(frame))
          .Actual("%s", ShapeText(in).text);
    }
    out[1] = (in[1] - frame) / step + 1;
  }
  return ctx.SetOutput(0, ctx.In(0).dtype, out);
}

Status Kernel(const Step& step, RunContext&) {
  const auto& params = step.Params<StftParams>();
  auto* data = reinterpret_cast<kernels::Complex*>(step.scratch);
  const int64_t frame = params.plan.length;
  return VisitFloat(step.out[0].dtype, [&]<typename T>(T) {
    const T* window = step.HasInput(2) ? step.in[2].As<T>() : nullptr;
    T* out = step.out[0].As<T>();
    for (int64_t i = 0; i < params.batch * params.frames; ++i) {
      const T* from =
          step.in[0].As<T>() + (i / params.frames * params.length + i % params.frames * params.step) * params.in_parts;
      for (int64_t k = 0; k < frame; ++k) {
        const double weight = window == nullptr ? 1 : static_cast<double>(window[k]);
        data[k] = {static_cast<double>(from[k * params.in_parts]) * weight,
                   params.in_parts == 2 ? static_cast<double>(from[k * 2 + 1]) * weight : 0};
      }
      kernels::RunFft(params.plan, false, data, data + frame);
      for (int64_t k = 0; k < params.bins; ++k) {
        *out++ = static_cast<T>(data[k].re);
        *out++ = static_cast<T>(data[k].im);
      }
    }
    return OkStatus();
  });
}

Status Bind(BindContext& ctx) {
  const Shape& in = ctx.In(0).shape;
  WEBINFER_ASSIGN(StftParams * params, ctx.Params<StftParams>());
  int64_t frame;
  WEBINFER_ASSIGN([[maybe_unused]] const bool known, ReadFrames(ctx, &params->step, &frame));
  if ((in[2] != 1 && in[2] != 2) || (ctx.HasInput(2) && ctx.In(2).dtype != ctx.In(0).dtype)) {
    return Error(Code::kShapeMismatch, "STFT takes a real or complex signal, and a window of the same type")
        .Expected("[batch, samples, 1 or 2]")
        .Actual("%s", ShapeText(in).text);
  }
  params->batch = in[0];
  params->length = in[1];
  params->in_parts = static_cast<int32_t>(in[2]);
  params->frames = ctx.Out(0).shape[1];
  params->bins = BinsOf(ctx, frame);
  WEBINFER_ASSIGN(void* tables, ctx.Allocate(static_cast<size_t>(kernels::FftTableSize(frame)) * sizeof(kernels::Complex)));
  params->plan = kernels::MakeFft(frame, static_cast<kernels::Complex*>(tables));
  ctx.SetScratch(static_cast<uint64_t>(frame + kernels::FftWorkSize(frame)) * sizeof(kernels::Complex));
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(STFT) {
  return {
      .name = "STFT", .since = 17, .min_inputs = 2, .max_inputs = 4, .infer = webinfer::ops::Infer, .bind = webinfer::ops::Bind};
}
