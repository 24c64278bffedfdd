// GridSample: samples an image (or volume) at the coordinates of a grid in [-1, 1]; nearest, linear or cubic per axis.
//
// The nearest element is copied as bytes, whatever its type. In between, floats are computed on; other numbers in float64.
#include <cmath>
#include <cstring>
#include <type_traits>

#include "base/visit_dtype.h"
#include "ops/array/move.h"
#include "ops/float32.h"
#include "ops/op.h"

namespace webinfer::ops {
namespace {

enum class Mode : uint8_t { kNearest, kLinear, kCubic };
enum class Padding : uint8_t { kZeros, kBorder, kReflection };

struct SampleParams {
  Mode mode;
  Padding padding;
  bool align_corners;
  int32_t axes;
};

Status Infer(InferContext& ctx) {
  const Shape &x = ctx.In(0).shape, &grid = ctx.In(1).shape;
  if (!x.rank_known() || !grid.rank_known()) return ctx.SetOutput(0, ctx.In(0).dtype, Shape::UnknownRank());
  const int axes = x.rank() - 2;
  if (axes < 1 || axes > 3 || grid.rank() != x.rank() || (grid[x.rank() - 1] >= 0 && grid[x.rank() - 1] != axes)) {
    return Error(Code::kShapeMismatch, "Image and grid do not fit together")
        .Expected("[N,C,H,W] and [N,H',W',2], or one axis more or less")
        .Actual("%s and %s", ShapeText(x).text, ShapeText(grid).text);
  }
  Shape out({x[0], x[1]});
  for (int i = 0; i < axes; ++i) out.Append(grid[1 + i]);
  return ctx.SetOutput(0, ctx.In(0).dtype, out);
}

// What one axis contributes to a sample: input positions and their weights.
template <typename F>
struct Taps {
  int count;
  int64_t index[4];
  F weight[4];
};

template <typename F>
F Reflect(F x, F low, F high) {
  const F range = high - low;
  if (range <= 0) return 0;
  const F distance = x < low ? low - x : x > high ? x - high : 0;
  if (distance == 0) return x;
  const F turns = std::floor(distance / range), rest = distance - turns * range;
  const bool even = std::fmod(turns, F(2)) == 0;
  return (x < low) == even ? low + rest : high - rest;
}

template <typename F>
void CubicWeights(F t, F* weights) {
  constexpr F a = F(-0.75);
  const auto outer = [](F x) { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a; };
  const auto inner = [](F x) { return ((a + 2) * x - (a + 3)) * x * x + 1; };
  weights[0] = outer(t + 1);
  weights[1] = inner(t);
  weights[2] = inner(1 - t);
  weights[3] = outer(2 - t);
}

template <typename F>
Taps<F> TapsOf(const SampleParams& params, F coordinate, int64_t size) {
  const auto length = static_cast<F>(size);
  F x = params.align_corners ? (coordinate + 1) / 2 * (length - 1) : ((coordinate + 1) * length - 1) / 2;
  if (!(std::fabs(x) < F(1 << 24))) x = F(-(1 << 24));  // NaN and what no index reaches
  Taps<F> taps;
  F first;
  if (params.mode == Mode::kNearest) {
    taps.count = 1;
    taps.weight[0] = 1;
    first = std::nearbyint(x);
  } else if (params.mode == Mode::kLinear) {
    taps.count = 2;
    first = std::floor(x);
    taps.weight[1] = x - first;
    taps.weight[0] = 1 - taps.weight[1];
  } else {
    taps.count = 4;
    first = std::floor(x) - 1;
    CubicWeights(x - first - 1, taps.weight);
  }
  for (int i = 0; i < taps.count; ++i) {
    F at = first + static_cast<F>(i);
    const bool outside = at < 0 || at >= length;
    if (outside && params.padding == Padding::kReflection) {
      at = params.align_corners ? Reflect<F>(at, 0, length - 1) : Reflect<F>(at, F(-0.5), length - F(0.5));
    }
    const auto index = static_cast<int64_t>(at);
    taps.index[i] = index < 0 ? 0 : index >= size ? size - 1 : index;
    if (outside && params.padding == Padding::kZeros) taps.weight[i] = 0;
  }
  return taps;
}

template <typename T, typename F>
F Sample(const T* image, const Taps<F>* taps, const int64_t* strides, int axes) {
  F sum = 0;
  for (int i = 0; i < taps[0].count; ++i) {
    const T* from = image + taps[0].index[i] * strides[0];
    if (taps[0].weight[i] == 0) continue;
    sum += taps[0].weight[i] * (axes == 1 ? static_cast<F>(*from) : Sample<T, F>(from, taps + 1, strides + 1, axes - 1));
  }
  return sum;
}

// Calls `sample(from, to, taps, strides)` for each output element: where its image starts, its own place, what it is made of.
template <typename F, typename Sampler>
void EachSample(const Step& step, const Sampler& sample) {
  const auto& params = step.Params<SampleParams>();
  const Shape &x = step.in[0].shape, &out = step.out[0].shape;
  const int axes = params.axes;
  int64_t strides[3], image = 1;
  for (int i = axes - 1; i >= 0; --i) {
    strides[i] = image;
    image *= x[2 + i];
  }
  const int64_t points = out.Elements(2, out.rank());
  for (int64_t n = 0; n < out[0]; ++n) {
    const F* grid = step.in[1].As<F>() + n * points * axes;
    for (int64_t point = 0; point < points; ++point) {
      Taps<F> taps[3];
      for (int i = 0; i < axes; ++i) taps[i] = TapsOf<F>(params, grid[point * axes + axes - 1 - i], x[2 + i]);
      for (int64_t c = n * x[1]; c < (n + 1) * x[1]; ++c) sample(c * image, c * points + point, taps, strides);
    }
  }
}

template <typename F>
Status CopyNearest(const Step& step, RunContext& run) {
  const size_t bytes = DTypeBytes(step.in[0].dtype);
  const int axes = step.Params<SampleParams>().axes;
  Blank blank;
  WEBINFER_TRY(blank.Make(step.in[0].dtype, run));
  EachSample<F>(step, [&](int64_t from, int64_t to, const Taps<F>* taps, const int64_t* strides) {
    bool inside = true;
    for (int i = 0; i < axes; ++i) {
      inside = inside && taps[i].weight[0] != 0;
      from += taps[i].index[0] * strides[i];
    }
    uint8_t* place = step.out[0].As<uint8_t>() + static_cast<size_t>(to) * bytes;
    if (!inside) return blank.Fill(place, 1);
    std::memcpy(place, step.in[0].As<uint8_t>() + static_cast<size_t>(from) * bytes, bytes);
  });
  return OkStatus();
}

Status Kernel(const Step& step, RunContext& run) {
  if (step.out[0].elements() == 0) return OkStatus();
  const bool wide = step.in[1].dtype == DType::kFloat64;
  if (step.Params<SampleParams>().mode == Mode::kNearest)
    return wide ? CopyNearest<double>(step, run) : CopyNearest<float>(step, run);
  return VisitFloat(step.out[0].dtype, [&]<typename T>(T) {
    using F = std::conditional_t<std::is_same_v<T, double>, double, float>;
    const int axes = step.Params<SampleParams>().axes;
    EachSample<F>(step, [&](int64_t from, int64_t to, const Taps<F>* taps, const int64_t* strides) {
      step.out[0].As<T>()[to] = static_cast<T>(Sample<T, F>(step.in[0].As<T>() + from, taps, strides, axes));
    });
    return OkStatus();
  });
}

ValueId As(LowerContext& ctx, ValueId value, DType from, DType to) {
  if (from == to) return value;
  const ValueId result = ctx.Add("Cast", {value});
  ctx.Last().attributes.SetInt("to", static_cast<int64_t>(to));
  return result;
}

// The grid in the type that is computed in: float64 for images of it, else float32; whole numbers in between as float64.
Status Lower(LowerContext& ctx, bool* done) {
  const DType x = ctx.In(0).dtype, grid = ctx.In(1).dtype;
  const bool nearest = ctx.attributes().String("mode", "linear") == "nearest";
  const bool whole = !nearest && (IsInteger(x) || x == DType::kBool);
  const DType coordinates = whole || x == DType::kFloat64 ? DType::kFloat64 : DType::kFloat32;
  *done = whole || (grid != coordinates && (grid == DType::kFloat32 || IsOtherFloat(grid)));
  if (!*done) return OkStatus();
  const ValueId image = whole ? As(ctx, ctx.Input(0), x, DType::kFloat64) : ctx.Input(0);
  const ValueId sampled = ctx.Add("GridSample", {image, As(ctx, ctx.Input(1), grid, coordinates)});
  ctx.Last().attributes = ctx.attributes();
  ctx.Return(0, whole ? As(ctx, sampled, DType::kFloat64, x) : sampled);
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  const DType image = ctx.In(0).dtype, grid = ctx.In(1).dtype;
  if (grid != (image == DType::kFloat64 ? DType::kFloat64 : DType::kFloat32) || DTypeBytes(image) == 0) {
    return Error(Code::kUnsupported, "GridSample of these types")
        .Expected("elements of whole bytes and a grid of floats")
        .Actual("%s and %s", DTypeName(image), DTypeName(grid));
  }
  WEBINFER_ASSIGN(SampleParams * params, ctx.Params<SampleParams>());
  const std::string_view mode = ctx.attributes().String("mode", "linear"),
                         padding = ctx.attributes().String("padding_mode", "zeros");
  params->mode = mode == "nearest" ? Mode::kNearest : mode == "cubic" || mode == "bicubic" ? Mode::kCubic : Mode::kLinear;
  params->padding = padding == "border" ? Padding::kBorder : padding == "reflection" ? Padding::kReflection : Padding::kZeros;
  params->align_corners = ctx.attributes().Int("align_corners", 0) != 0;
  params->axes = ctx.In(0).shape.rank() - 2;
  const Shape &x = ctx.In(0).shape, &out = ctx.Out(0).shape;
  if (ctx.In(1).shape[0] != x[0] || (out.Elements() > 0 && x.Elements() == 0)) {
    return Error(Code::kShapeMismatch, "Image and grid do not fit together")
        .Expected("equal batches of images that are not empty")
        .Actual("%s and %s", ShapeText(x).text, ShapeText(ctx.In(1).shape).text);
  }
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(GridSample) {
  return {.name = "GridSample",
          .since = 22,
          .min_inputs = 2,
          .max_inputs = 2,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind,
          .lower = webinfer::ops::Lower};
}
