// DeformConv (ONNX 22): a 2-D convolution whose taps are displaced by `offset`, per output pixel, and weighed by `mask`.
// Samples between pixels are bilinear, zero outside of the image. They are gathered as a matrix [channels x taps][pixels]; the
// weights times it are the output.
#include <climits>
#include <cmath>

#include "kernels/gemm.h"
#include "ops/float32.h"
#include "ops/nn/window.h"

namespace webinfer::ops {
namespace {

enum Input { kX, kWeights, kOffset, kBias, kMask };

constexpr ImageAxes kFirst{false};

Status InferDeformConv(InferContext& ctx) {
  WEBINFER_TRY(ctx.ExpectRank(kX, 4));
  WEBINFER_TRY(ctx.ExpectRank(kWeights, 4));
  const Shape &x = ctx.In(kX).shape, &w = ctx.In(kWeights).shape;
  Shape out = Shape::Unknown(4);
  if (x.rank_known() && w.known()) {
    Window window;
    WEBINFER_TRY(ReadWindow(ctx.attributes(), 2, w.dims().subspan(2), &window));
    out[0] = x[0];
    out[1] = w[0];
    for (int i = 0; i < 2; ++i) {
      if (x[i + 2] < 0) continue;
      WEBINFER_ASSIGN(out[i + 2], SlideWindow(&window, i, x[i + 2]));
    }
  }
  return ctx.SetOutput(0, ctx.In(kX).dtype, out);
}

struct DeformConv {
  kernels::ConvGeometry geometry;
  int offset_groups;
};

float Sample(const float* plane, int height, int width, float y, float x) {
  if (!(y > -1 && y < static_cast<float>(height) && x > -1 && x < static_cast<float>(width))) return 0;
  const auto top = static_cast<int>(std::floor(y)), left = static_cast<int>(std::floor(x));
  const float down = y - static_cast<float>(top), right = x - static_cast<float>(left);
  const auto at = [&](int row, int column) {
    const bool inside = row >= 0 && row < height && column >= 0 && column < width;
    return inside ? plane[int64_t{row} * width + column] : 0.0f;
  };
  return (1 - down) * ((1 - right) * at(top, left) + right * at(top, left + 1)) +
         down * ((1 - right) * at(top + 1, left) + right * at(top + 1, left + 1));
}

// One row of the matrix: the samples of one channel under one tap.
void GatherRow(const Step& step, const DeformConv& p, int image, int channel, int tap, float* to) {
  const kernels::ConvGeometry& g = p.geometry;
  const int64_t pixels = int64_t{g.out[1]} * g.out[2];
  const int group = channel / (g.channels / p.offset_groups);
  const int64_t plane = (int64_t{image} * p.offset_groups + group) * g.taps() + tap;
  const float* offsets = step.in[kOffset].As<float>() + 2 * plane * pixels;
  const float* mask = step.HasInput(kMask) ? step.in[kMask].As<float>() + plane * pixels : nullptr;
  const float* x = step.in[kX].As<float>() + (int64_t{image} * g.channels + channel) * g.in[1] * g.in[2];
  const int ky = tap / g.kernel[2], kx = tap % g.kernel[2];
  for (int64_t i = 0; i < pixels; ++i) {
    const auto row = static_cast<int>(i / g.out[2]), column = static_cast<int>(i % g.out[2]);
    const float at_y = static_cast<float>(row * g.stride[1] - g.pad[1] + ky * g.dilation[1]) + offsets[i];
    const float at_x = static_cast<float>(column * g.stride[2] - g.pad[2] + kx * g.dilation[2]) + offsets[pixels + i];
    const float value = Sample(x, g.in[1], g.in[2], at_y, at_x);
    to[i] = mask != nullptr ? value * mask[i] : value;
  }
}

Status RunDeformConv(const Step& step, RunContext& run) {
  const auto& p = step.Params<DeformConv>();
  const kernels::ConvGeometry& g = p.geometry;
  auto* rows = reinterpret_cast<float*>(step.scratch);
  const int pixels = g.out[1] * g.out[2], taps = g.taps(), depth = g.group_channels() * taps, filters = g.group_filters();
  for (int image = 0; image < g.batch; ++image) {
    for (int group = 0; group < g.group; ++group) {
      run.pool().ParallelFor(depth, [&](int row, int) {
        GatherRow(step, p, image, group * g.group_channels() + row / taps, row % taps, rows + int64_t{row} * pixels);
      });
      kernels::Gemm gemm;
      gemm.a = step.in[kWeights].As<float>() + int64_t{group} * filters * depth;
      gemm.a_stride = static_cast<size_t>(depth);
      gemm.b = kernels::InPlace(rows, static_cast<size_t>(pixels));
      gemm.c = step.out[0].As<float>() + (int64_t{image} * g.filters + int64_t{group} * filters) * pixels;
      gemm.c_stride = static_cast<size_t>(pixels);
      gemm.m = filters;
      gemm.n = pixels;
      gemm.k = depth;
      kernels::RunGemm(gemm, run.pool());
      for (int f = 0; step.HasInput(kBias) && f < filters; ++f) {
        const float bias = step.in[kBias].As<float>()[group * filters + f];
        for (int i = 0; i < pixels; ++i) gemm.c[int64_t{f} * pixels + i] += bias;
      }
    }
  }
  return OkStatus();
}

Status BindDeformConv(BindContext& ctx) {
  const Shape &x = ctx.In(kX).shape, &w = ctx.In(kWeights).shape, &out = ctx.Out(0).shape;
  WEBINFER_ASSIGN(DeformConv * p, ctx.Params<DeformConv>());
  p->offset_groups = static_cast<int>(ctx.attributes().Int("offset_group", 1));
  kernels::ConvGeometry& g = p->geometry;
  g.group = static_cast<int>(ctx.attributes().Int("group", 1));
  g.channels = static_cast<int>(x[1]);
  g.filters = static_cast<int>(w[0]);
  Window window;
  WEBINFER_TRY(ReadWindow(ctx.attributes(), 2, w.dims().subspan(2), &window));
  for (int i = 0; i < 2; ++i) WEBINFER_TRY(SlideWindow(&window, i, x[i + 2]).status());
  FillGeometry(window, x, out, kFirst, &g);
  const int64_t pixels = out[2] * out[3], planes = int64_t{p->offset_groups} * g.taps();
  const bool fits = ctx.In(kX).dtype == DType::kFloat32 && g.group >= 1 && p->offset_groups >= 1 && x[1] == w[1] * g.group &&
                    w[0] % g.group == 0 && x[1] % p->offset_groups == 0 &&
                    ctx.In(kOffset).shape == Shape({x[0], 2 * planes, out[2], out[3]}) &&
                    (!ctx.HasInput(kMask) || ctx.In(kMask).shape == Shape({x[0], planes, out[2], out[3]})) && pixels <= INT_MAX;
  if (!fits) {
    return Error(Code::kShapeMismatch, "DeformConv's inputs do not fit together")
        .Expected("float32, offset [%lld,%lld,%lld,%lld]", static_cast<long long>(x[0]), static_cast<long long>(2 * planes),
                  static_cast<long long>(out[2]), static_cast<long long>(out[3]))
        .Actual("x %s, offset %s", ShapeText(x).text, ShapeText(ctx.In(kOffset).shape).text);
  }
  ctx.SetKernel(RunDeformConv);
  ctx.SetScratch(static_cast<uint64_t>(g.group_channels() * g.taps()) * static_cast<uint64_t>(pixels) * sizeof(float) +
                 kReadSlack);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(DeformConv) {
  using namespace webinfer::ops;
  return {.name = "DeformConv",
          .since = 22,
          .min_inputs = 3,
          .max_inputs = 5,
          .infer = InferDeformConv,
          .bind = BindDeformConv,
          .lower = LowerToFloat32};
}
