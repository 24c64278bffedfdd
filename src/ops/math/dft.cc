// DFT: the discrete Fourier transform along an axis; real or complex input (last axis 1 or 2), forward, inverse, one-sided.
#include <algorithm>
#include <type_traits>

#include "base/visit_dtype.h"
#include "kernels/fft.h"
#include "ops/op.h"

namespace webinfer::ops {
namespace {

constexpr int64_t kLongest = int64_t{1} << 26;  // its tables take 4 GB: what follows cannot overflow

struct DftParams {
  kernels::FftPlan plan;
  int64_t outer, in_size, out_size, inner;  // inner: lanes behind the axis, without the last
  int32_t in_parts, out_parts;              // numbers of one element: 1 real, 2 complex
  bool inverse, from_half;                  // from_half: the input is the first half of a Hermitian spectrum
};

// False while axis or length are not known.
Result<bool> ReadDft(InferContext& ctx, int* axis, int64_t* length) {
  const Shape& in = ctx.In(0).shape;
  // Before opset 20 the axis was an attribute with another default.
  int64_t given = ctx.attributes().Int("axis", ctx.node().opset > 0 && ctx.node().opset < 20 ? 1 : -2);
  *length = kUnknownDim;
  const bool have_axis = !ctx.HasInput(2) || ctx.KnownInt(2, &given);
  const bool have_length = !ctx.HasInput(1) || ctx.KnownInt(1, length);
  if (!have_axis) ctx.NeedValue(2);
  if (!have_length) ctx.NeedValue(1);
  if (!have_axis) return false;
  WEBINFER_ASSIGN(*axis, NormalizeAxis(given, in.rank()));
  if (*axis == in.rank() - 1)
    return Error(Code::kInvalidModel, "DFT along the axis of real and imaginary parts").Actual("axis %d", *axis);
  if (!have_length) return false;
  if (!ctx.HasInput(1)) {
    const bool from_half = ctx.attributes().Int("inverse", 0) != 0 && ctx.attributes().Int("onesided", 0) != 0;
    *length = in[*axis] < 0 ? kUnknownDim : from_half ? std::max<int64_t>(2 * (in[*axis] - 1), 0) : in[*axis];
    return in[*axis] >= 0;
  }
  if (*length < 1 || *length > kLongest) {
    return Error(Code::kInvalidModel, "dft_length is out of range")
        .Expected("1 to %lld", static_cast<long long>(kLongest))
        .Actual("%lld", static_cast<long long>(*length));
  }
  return true;
}

Status Infer(InferContext& ctx) {
  const Shape& in = ctx.In(0).shape;
  if (!in.rank_known()) return ctx.SetOutput(0, ctx.In(0).dtype, Shape::UnknownRank());
  if (in.rank() < 2 || (in[in.rank() - 1] >= 0 && in[in.rank() - 1] != 1 && in[in.rank() - 1] != 2)) {
    return Error(Code::kShapeMismatch, "DFT takes real or complex numbers")
        .Expected("[..., 1] or [..., 2]")
        .Actual("%s", ShapeText(in).text);
  }
  int axis = -1;
  int64_t length;
  WEBINFER_ASSIGN(const bool known, ReadDft(ctx, &axis, &length));
  const bool inverse = ctx.attributes().Int("inverse", 0) != 0, onesided = ctx.attributes().Int("onesided", 0) != 0;
  Shape out = axis < 0 ? Shape::Unknown(in.rank()) : in;
  if (axis >= 0) out[axis] = !known ? kUnknownDim : onesided && !inverse ? length / 2 + 1 : length;
  out[in.rank() - 1] = inverse && onesided ? 1 : 2;
  return ctx.SetOutput(0, ctx.In(0).dtype, out);
}

template <typename T>
void TransformLane(const DftParams& params, const T* src, T* dst, kernels::Complex* data, kernels::Complex* work) {
  const int64_t length = params.plan.length, used = std::min(params.in_size, params.from_half ? length / 2 + 1 : length);
  for (int64_t i = 0; i < length; ++i) {
    data[i] = {0, 0};
    if (i >= used) continue;
    const T* from = src + i * params.inner * params.in_parts;
    data[i] = {static_cast<double>(from[0]), params.in_parts == 2 ? static_cast<double>(from[1]) : 0};
  }
  for (int64_t i = length / 2 + 1; i < length && params.from_half; ++i) data[i] = {data[length - i].re, -data[length - i].im};
  kernels::RunFft(params.plan, params.inverse, data, work);
  const double scale = params.inverse ? 1 / static_cast<double>(length) : 1;
  for (int64_t i = 0; i < params.out_size; ++i) {
    T* to = dst + i * params.inner * params.out_parts;
    to[0] = static_cast<T>(data[i].re * scale);
    if (params.out_parts == 2) to[1] = static_cast<T>(data[i].im * scale);
  }
}

Status Kernel(const Step& step, RunContext&) {
  const auto& params = step.Params<DftParams>();
  auto* data = reinterpret_cast<kernels::Complex*>(step.scratch);
  return VisitFloat(step.out[0].dtype, [&]<typename T>(T) {
    for (int64_t outer = 0; outer < params.outer; ++outer) {
      for (int64_t inner = 0; inner < params.inner; ++inner) {
        TransformLane(params, step.in[0].As<T>() + (outer * params.in_size * params.inner + inner) * params.in_parts,
                      step.out[0].As<T>() + (outer * params.out_size * params.inner + inner) * params.out_parts, data,
                      data + params.plan.length);
      }
    }
    return OkStatus();
  });
}

Status Bind(BindContext& ctx) {
  const Shape &in = ctx.In(0).shape, &out = ctx.Out(0).shape;
  int axis = -1;
  int64_t length;
  WEBINFER_ASSIGN(const bool known, ReadDft(ctx, &axis, &length));
  if (!known) return Error(Code::kInvalidModel, "The axis and the length of DFT are not one integer each");
  WEBINFER_ASSIGN(DftParams * params, ctx.Params<DftParams>());
  params->outer = in.Elements(0, axis);
  params->in_size = in[axis];
  params->out_size = out[axis];
  params->inner = in.Elements(axis + 1, in.rank() - 1);
  params->in_parts = static_cast<int32_t>(in[in.rank() - 1]);
  params->out_parts = static_cast<int32_t>(out[in.rank() - 1]);
  params->inverse = ctx.attributes().Int("inverse", 0) != 0;
  params->from_half = params->inverse && ctx.attributes().Int("onesided", 0) != 0;
  ctx.SetKernel(Kernel);
  if (out.Elements() == 0) {
    params->outer = 0;
    return OkStatus();
  }
  WEBINFER_ASSIGN(void* tables, ctx.Allocate(static_cast<size_t>(kernels::FftTableSize(length)) * sizeof(kernels::Complex)));
  params->plan = kernels::MakeFft(length, static_cast<kernels::Complex*>(tables));
  ctx.SetScratch(static_cast<uint64_t>(length + kernels::FftWorkSize(length)) * sizeof(kernels::Complex));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(DFT) {
  return {
      .name = "DFT", .since = 20, .min_inputs = 1, .max_inputs = 3, .infer = webinfer::ops::Infer, .bind = webinfer::ops::Bind};
}
