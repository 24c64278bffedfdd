// MaxPool (ONNX 22), 1 to 3 spatial axes. float32 without indices lowers to webinfer.MaxPool; here is the rest: indices into
// the flattened input (row- or column-major), and the other types.
#include <limits>

#include "kernels/conv.h"
#include "ops/nn/pooling.h"
#include "ops/nn/window.h"

namespace webinfer::ops {
namespace {

struct IndexedMaxPool {
  kernels::ConvGeometry geometry;
  bool column_major;  // indices
};

// Index of an input element within its plane.
int64_t PlaneIndex(const IndexedMaxPool& p, const int* at) {
  const kernels::ConvGeometry& g = p.geometry;
  if (p.column_major) return at[0] + int64_t{g.in[0]} * (at[1] + int64_t{g.in[1]} * at[2]);
  return (int64_t{at[0]} * g.in[1] + at[1]) * g.in[2] + at[2];
}

// `out` is the position of one output in its plane; returns the offset of the largest input of its window, -1 if it has none.
template <typename T>
int64_t FindLargest(const IndexedMaxPool& p, const T* plane, const int* out, int64_t* index) {
  const kernels::ConvGeometry& g = p.geometry;
  int64_t best = -1;
  for (int tap = 0; tap < g.taps(); ++tap) {
    const int taps[3] = {tap / (g.kernel[1] * g.kernel[2]), tap / g.kernel[2] % g.kernel[1], tap % g.kernel[2]};
    int at[3];
    bool inside = true;
    for (int axis = 0; axis < 3; ++axis) {
      at[axis] = out[axis] * g.stride[axis] - g.pad[axis] + taps[axis] * g.dilation[axis];
      inside = inside && at[axis] >= 0 && at[axis] < g.in[axis];
    }
    if (!inside) continue;
    const int64_t offset = (int64_t{at[0]} * g.in[1] + at[1]) * g.in[2] + at[2];
    if (best >= 0 && !(plane[offset] > plane[best])) continue;
    best = offset;
    *index = PlaneIndex(p, at);
  }
  return best;
}

template <typename T>
Status RunIndexed(const Step& step, RunContext& run) {
  const auto& p = step.Params<IndexedMaxPool>();
  const kernels::ConvGeometry& g = p.geometry;
  const int64_t in_plane = int64_t{g.in[0]} * g.in[1] * g.in[2], out_plane = int64_t{g.out[0]} * g.out[1] * g.out[2];
  run.pool().ParallelFor(g.batch * g.channels, [&](int task, int) {
    const T* plane = step.in[0].As<T>() + task * in_plane;
    for (int64_t i = 0; i < out_plane; ++i) {
      const int at[3] = {static_cast<int>(i / (int64_t{g.out[1]} * g.out[2])), static_cast<int>(i / g.out[2] % g.out[1]),
                         static_cast<int>(i % g.out[2])};
      int64_t index = 0;
      const int64_t best = FindLargest(p, plane, at, &index);
      step.out[0].As<T>()[task * out_plane + i] = best < 0 ? std::numeric_limits<T>::lowest() : plane[best];
      if (step.HasOutput(1)) step.out[1].As<int64_t>()[task * out_plane + i] = task * in_plane + index;
    }
  });
  return OkStatus();
}

Status BindMaxPool(BindContext& ctx) {
  const Shape &in = ctx.In(0).shape, &out = ctx.Out(0).shape;
  WEBINFER_ASSIGN(IndexedMaxPool * p, ctx.Params<IndexedMaxPool>());
  p->column_major = ctx.attributes().Int("storage_order", 0) != 0;
  Window window;
  WEBINFER_TRY(ReadWindow(ctx.attributes(), in.rank() - 2, {}, &window));
  for (int i = 0; i < window.rank; ++i) WEBINFER_TRY(SlideWindow(&window, i, in[i + 2]).status());
  FillGeometry(window, in, out, ImageAxes{false}, &p->geometry);
  p->geometry.channels = static_cast<int>(in[1]);
  switch (ctx.In(0).dtype) {
    case DType::kFloat32: ctx.SetKernel(RunIndexed<float>); return OkStatus();
    case DType::kFloat64: ctx.SetKernel(RunIndexed<double>); return OkStatus();
    case DType::kInt8: ctx.SetKernel(RunIndexed<int8_t>); return OkStatus();
    case DType::kUint8: ctx.SetKernel(RunIndexed<uint8_t>); return OkStatus();
    default: return Error(Code::kUnsupported, "MaxPool of this type").Actual("%s", DTypeName(ctx.In(0).dtype));
  }
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(MaxPool) {
  using namespace webinfer::ops;
  return {.name = "MaxPool", .since = 22, .max_outputs = 2, .infer = InferPool, .bind = BindMaxPool, .lower = LowerPool};
}
