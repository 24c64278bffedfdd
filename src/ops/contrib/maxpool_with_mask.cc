// MaxpoolWithMask: MaxPool whose windows end, along the last axis, where the mask is 0. The mask [N or 1, C or 1, spatial...] is
// repeated over the planes of the input.
#include <limits>

#include "kernels/conv.h"
#include "ops/nn/pooling.h"
#include "ops/nn/window.h"

namespace webinfer::ops {
namespace {

struct MaskedPool {
  kernels::ConvGeometry geometry;
  int64_t planes, mask_planes;
  bool last_axis_only;
};

float LargestOf(const MaskedPool& p, const float* plane, const int32_t* mask, const int* out) {
  const kernels::ConvGeometry& g = p.geometry;
  float largest = std::numeric_limits<float>::lowest();
  int first[3], last[3];
  for (int axis = 0; axis < 3; ++axis) {
    const int start = out[axis] * g.stride[axis] - g.pad[axis];
    first[axis] = start < 0 ? 0 : start;
    last[axis] = start + g.kernel[axis] < g.in[axis] ? start + g.kernel[axis] : g.in[axis];
  }
  for (int i = first[0]; i < last[0]; ++i) {
    for (int j = first[1]; j < last[1]; ++j) {
      for (int k = first[2]; k < last[2]; ++k) {
        const int64_t at = (int64_t{i} * g.in[1] + j) * g.in[2] + k;
        // onnxruntime never looks at the mask of an image's or volume's first element.
        if (mask[at] == 0 && (at > 0 || p.last_axis_only)) break;
        if (plane[at] > largest) largest = plane[at];
      }
    }
  }
  return largest;
}

Status Run(const Step& step, RunContext& run) {
  const auto& p = step.Params<MaskedPool>();
  const kernels::ConvGeometry& g = p.geometry;
  const int64_t in_plane = int64_t{g.in[0]} * g.in[1] * g.in[2], out_plane = int64_t{g.out[0]} * g.out[1] * g.out[2];
  run.pool().ParallelFor(static_cast<int>(p.planes), [&](int task, int) {
    const float* plane = step.in[0].As<float>() + task * in_plane;
    const int32_t* mask = step.in[1].As<int32_t>() + task % p.mask_planes * in_plane;
    for (int64_t i = 0; i < out_plane; ++i) {
      const int at[3] = {static_cast<int>(i / (int64_t{g.out[1]} * g.out[2])), static_cast<int>(i / g.out[2] % g.out[1]),
                         static_cast<int>(i % g.out[2])};
      step.out[0].As<float>()[task * out_plane + i] = LargestOf(p, plane, mask, at);
    }
  });
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  const Shape &in = ctx.In(0).shape, &mask = ctx.In(1).shape, &out = ctx.Out(0).shape;
  bool fits = mask.rank() == in.rank() && mask.Elements(0, 2) > 0 && in.Elements(0, 2) < (1 << 30);
  for (int i = 2; fits && i < in.rank(); ++i) fits = mask[i] == in[i];
  if (!fits || ctx.In(0).dtype != DType::kFloat32 || ctx.In(1).dtype != DType::kInt32) {
    return Error(Code::kShapeMismatch, "MaxpoolWithMask's mask does not fit")
        .Expected("float32 %s and an int32 mask of its spatial sizes", ShapeText(in).text)
        .Actual("%s", ShapeText(mask).text);
  }
  WEBINFER_ASSIGN(MaskedPool * p, ctx.Params<MaskedPool>());
  Window window;
  WEBINFER_TRY(ReadWindow(ctx.attributes(), in.rank() - 2, {}, &window));
  for (int i = 0; i < window.rank; ++i) WEBINFER_TRY(SlideWindow(&window, i, in[i + 2]).status());
  FillGeometry(window, in, out, ImageAxes{false}, &p->geometry);
  p->planes = in.Elements(0, 2);
  p->mask_planes = mask.Elements(0, 2);
  p->last_axis_only = window.rank == 1;
  ctx.SetKernel(Run);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_MaxpoolWithMask) {
  using namespace webinfer::ops;
  return {
      .name = "MaxpoolWithMask", .domain = "com.microsoft", .min_inputs = 2, .max_inputs = 2, .infer = InferPool, .bind = Bind};
}
