// DeformConv (ONNX 22): a 2-D convolution whose taps are displaced by `offset`, per output pixel, and weighed by `mask`.
// Samples between pixels are bilinear, zero outside of the image. They are gathered as a matrix [channels x taps][pixels]; the
// weights times it are the output.
#include <algorithm>
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

// A bilinear sample of every channel of a group: the place of its upper left pixel and the weight of each corner. Corners
// outside of the image weigh 0 and are read from inside.
struct Tap {
  int64_t at[4];
  float weights[4];
};

Tap PlaceTap(int height, int width, float y, float x, float factor) {
  Tap tap = {};
  if (!(y > -1 && y < static_cast<float>(height) && x > -1 && x < static_cast<float>(width))) return tap;
  const auto top = static_cast<int>(std::floor(y)), left = static_cast<int>(std::floor(x));
  const float down = y - static_cast<float>(top), right = x - static_cast<float>(left);
  for (int corner = 0; corner < 4; ++corner) {
    const int row = top + corner / 2, column = left + corner % 2;
    if (row < 0 || row >= height || column < 0 || column >= width) continue;
    tap.at[corner] = int64_t{row} * width + column;
    tap.weights[corner] = factor * (corner / 2 == 1 ? down : 1 - down) * (corner % 2 == 1 ? right : 1 - right);
  }
  return tap;
}

constexpr int64_t kPixels = 64;  // whose taps are placed once for all channels that share offsets

// Rows of the matrix: the samples of channels [first, last) of `image` under one tap, whose offsets they share. Channel c's row
// is at `to` + (c - first) * row_stride.
void GatherRows(const Step& step, const DeformConv& p, int image, int first, int last, int tap, float* to, int64_t row_stride) {
  const kernels::ConvGeometry& g = p.geometry;
  const int64_t pixels = int64_t{g.out[1]} * g.out[2], size = int64_t{g.in[1]} * g.in[2];
  const int group = first / (g.channels / p.offset_groups);
  const int64_t plane = (int64_t{image} * p.offset_groups + group) * g.taps() + tap;
  const float* offsets = step.in[kOffset].As<float>() + 2 * plane * pixels;
  const float* mask = step.HasInput(kMask) ? step.in[kMask].As<float>() + plane * pixels : nullptr;
  const float* x = step.in[kX].As<float>() + (int64_t{image} * g.channels + first) * size;
  const int ky = tap / g.kernel[2], kx = tap % g.kernel[2];
  Tap taps[kPixels];
  for (int64_t done = 0; done < pixels; done += kPixels) {
    const int64_t count = std::min(kPixels, pixels - done);
    for (int64_t i = done; i < done + count; ++i) {
      const auto row = static_cast<int>(i / g.out[2]), column = static_cast<int>(i % g.out[2]);
      const float at_y = static_cast<float>(row * g.stride[1] - g.pad[1] + ky * g.dilation[1]) + offsets[i];
      const float at_x = static_cast<float>(column * g.stride[2] - g.pad[2] + kx * g.dilation[2]) + offsets[pixels + i];
      taps[i - done] = PlaceTap(g.in[1], g.in[2], at_y, at_x, mask != nullptr ? mask[i] : 1);
    }
    for (int channel = 0; channel < last - first; ++channel) {
      const float* from = x + channel * size;
      float* row = to + channel * row_stride + done;
      for (int64_t i = 0; i < count; ++i) {
        float value = 0;
        for (int corner = 0; corner < 4; ++corner) {
          const float weight = taps[i].weights[corner];
          if (weight != 0) value += weight * from[taps[i].at[corner]];
        }
        row[i] = value;
      }
    }
  }
}

Status RunDeformConv(const Step& step, RunContext& run) {
  const auto& p = step.Params<DeformConv>();
  const kernels::ConvGeometry& g = p.geometry;
  auto* rows = reinterpret_cast<float*>(step.scratch);
  const int pixels = g.out[1] * g.out[2], taps = g.taps(), depth = g.group_channels() * taps, filters = g.group_filters();
  for (int image = 0; image < g.batch; ++image) {
    for (int group = 0; group < g.group; ++group) {
      // Channels of a convolution group that share offsets are gathered together.
      const int first = group * g.group_channels(), last = first + g.group_channels(), shared = g.channels / p.offset_groups;
      const int sets = depth > 0 ? (last - 1) / shared - first / shared + 1 : 0;
      run.pool().ParallelFor(sets * taps, [&](int job, int) {
        const int set = first / shared + job / taps, tap = job % taps;
        const int from = std::max(first, set * shared), to = std::min(last, (set + 1) * shared);
        float* out = rows + (int64_t{from - first} * taps + tap) * pixels;
        GatherRows(step, p, image, from, to, tap, out, int64_t{taps} * pixels);
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
