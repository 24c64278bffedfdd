// CenterCropPad: crops or zero-pads axes around their centre to the sizes in input `shape`.
#include <algorithm>
#include <cstring>

#include "ops/array/move.h"

namespace webinfer::ops {
namespace {

struct CropParams {
  kernels::StridedCopy copy;
  int64_t src_bytes, dst_bytes;  // offsets
  bool pads;
};

Status Infer(InferContext& ctx) {
  const Shape& in = ctx.In(0).shape;
  IntList sizes;
  const bool known = ctx.KnownInts(1, &sizes);
  if (!known) ctx.NeedValue(1);
  if (!in.rank_known()) return ctx.SetOutput(0, ctx.In(0).dtype, Shape::UnknownRank());
  const std::span<const int64_t> axes = ctx.attributes().Ints("axes");
  const int count = axes.empty() ? in.rank() : static_cast<int>(axes.size());
  if (known && sizes.size != count) {
    return Error(Code::kInvalidModel, "CenterCropPad needs one size for each axis")
        .Expected("%d", count)
        .Actual("%d", sizes.size);
  }
  Shape out = in;
  for (int i = 0; i < count; ++i) {
    WEBINFER_ASSIGN(const int axis, NormalizeAxis(axes.empty() ? i : axes[static_cast<size_t>(i)], in.rank()));
    out[axis] = known ? sizes[i] : kUnknownDim;
    if (known && sizes[i] < 0)
      return Error(Code::kInvalidModel, "A size is negative").Actual("%lld", static_cast<long long>(sizes[i]));
  }
  return ctx.SetOutput(0, ctx.In(0).dtype, out);
}

Status Kernel(const Step& step, RunContext& run) {
  const auto& params = step.Params<CropParams>();
  auto* dst = step.out[0].As<uint8_t>();
  if (params.pads) {
    Blank blank;
    WEBINFER_TRY(blank.Make(step.out[0].dtype, run));
    blank.Fill(dst, step.out[0].elements());
  }
  RunMove(params.copy, step.in[0].As<uint8_t>() + params.src_bytes, dst + params.dst_bytes, run.pool());
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  WEBINFER_TRY(ExpectWholeBytes(ctx, 0));
  const Shape &in = ctx.In(0).shape, &out = ctx.Out(0).shape;
  const Strides src(in), dst(out);
  const auto bytes = static_cast<int64_t>(DTypeBytes(ctx.In(0).dtype));
  WEBINFER_ASSIGN(CropParams * params, ctx.Params<CropParams>());
  params->copy.element_bytes = static_cast<int32_t>(bytes);
  for (int i = 0; i < in.rank(); ++i) {
    params->copy.Append(std::min(in[i], out[i]), src[i], dst[i]);
    if (in[i] > out[i]) params->src_bytes += (in[i] - out[i]) / 2 * src[i] * bytes;
    if (in[i] < out[i]) params->dst_bytes += (out[i] - in[i]) / 2 * dst[i] * bytes;
    params->pads |= in[i] < out[i];
  }
  kernels::Simplify(&params->copy);
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(CenterCropPad) {
  return {.name = "CenterCropPad",
          .since = 18,
          .min_inputs = 2,
          .max_inputs = 2,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
