#include "ops/nn/convolution.h"

#include <algorithm>
#include <climits>
#include <numeric>

#include "kernels/conv.h"
#include "kernels/depthwise.h"
#include "kernels/winograd.h"
#include "kernels/winograd_line.h"
#include "ops/float32.h"
#include "ops/nn/fused.h"
#include "ops/nn/prepared.h"
#include "ops/nn/window.h"

namespace webinfer::ops {
namespace {

using kernels::ConvGeometry;

enum Slot { kWeights = 0, kWinogradWeights = 1 };

bool AllowsTransform(const ConvGeometry& g) { return kernels::AllowsWinograd(g) || kernels::AllowsWinogradLine(g); }
bool PrefersTransform(const ConvGeometry& g) { return kernels::PrefersWinograd(g) || kernels::PrefersWinogradLine(g); }
bool IsLine(const ConvGeometry& g) { return kernels::AllowsWinogradLine(g); }
enum Input { kImage = 0, kFilters = 1, kBias = 2, kResidual = 3, kFactors = 4, kMoreImages = 5 };

struct Conv {
  ConvGeometry geometry;
  kernels::Epilogue epilogue;
  uint64_t packed_floats;    // room in scratch for weights that come with the run
  kernels::ConvParts parts;  // without their data
};

constexpr ImageAxes kLast{true}, kFirst{false};

// Channels of x and of what is put behind them.
int64_t ImageChannels(const InferContext& ctx, int channel_axis) {
  int64_t channels = ctx.In(kImage).shape[channel_axis];
  if (!ctx.node().IsInternal("Conv")) return channels;
  for (int i = kMoreImages; i < ctx.input_count(); ++i) {
    const Shape& more = ctx.In(i).shape;
    const bool known = channels >= 0 && more.rank_known() && more.rank() > channel_axis && more[channel_axis] >= 0;
    channels = known ? channels + more[channel_axis] : kUnknownDim;
  }
  return channels;
}

Status CheckChannels(const Shape& x, const Shape& w, int64_t channels, int64_t group) {
  const bool sane = group >= 1 && group <= INT_MAX;
  const bool fits = sane && (channels < 0 || w[1] < 0 || (channels % group == 0 && channels / group == w[1]));
  if (fits && (w[0] < 0 || w[0] % group == 0)) return OkStatus();
  return Error(Code::kShapeMismatch, "Channels and weights of a convolution do not fit together")
      .Expected("x with w.shape[1] * group channels, group %lld, w %s", static_cast<long long>(group), ShapeText(w).text)
      .Actual("x %s", ShapeText(x).text);
}

Status InferImage(InferContext& ctx, ImageAxes axes) {
  WEBINFER_TRY(ctx.ExpectSameDType(0, 1));
  WEBINFER_ASSIGN(const Shape out, ConvOutputShape(ctx, 1, axes));
  return ctx.SetOutput(0, ctx.In(0).dtype, out);
}

void Pack(const ConvGeometry& g, const float* weights, float* packed) {
  IsDepthwise(g) ? kernels::PackDepthwiseWeights(g, weights, packed) : kernels::PackConvWeights(g, weights, packed);
}

kernels::Epilogue EpilogueOf(const Step& step) {
  const auto& p = step.Params<Conv>();
  kernels::Epilogue epilogue = p.epilogue;
  if (step.HasInput(2)) epilogue.bias = step.in[2].As<float>();
  if (step.HasInput(3)) {
    epilogue.residual = step.in[3].As<float>();
    epilogue.residual_stride = p.geometry.filters;
  }
  return epilogue;
}

// The packed weights; those of the run are packed into the scratch, which then begins behind them.
const float* WeightsOf(const Step& step, float** scratch) {
  const auto& p = step.Params<Conv>();
  if (const float* prepared = PreparedFloats(*step.node, kWeights); prepared != nullptr) return prepared;
  float* const packed = *scratch;
  Pack(p.geometry, step.in[1].As<float>(), packed);
  *scratch += p.packed_floats;
  return packed;
}

Status RunDirectStep(const Step& step, RunContext& run) {
  auto* scratch = reinterpret_cast<float*>(step.scratch);
  const float* weights = WeightsOf(step, &scratch);
  kernels::RunConv(step.Params<Conv>().geometry, step.in[0].As<float>(), weights, step.out[0].As<float>(), EpilogueOf(step),
                   scratch, run.pool());
  return OkStatus();
}

Status RunDepthwiseStep(const Step& step, RunContext& run) {
  auto* scratch = reinterpret_cast<float*>(step.scratch);
  const float* weights = WeightsOf(step, &scratch);
  kernels::RunDepthwise(step.Params<Conv>().geometry, step.in[0].As<float>(), weights, step.out[0].As<float>(), EpilogueOf(step),
                        scratch, run.pool());
  return OkStatus();
}

Status RunPartedStep(const Step& step, RunContext& run) {
  auto* scratch = reinterpret_cast<float*>(step.scratch);
  const float* weights = WeightsOf(step, &scratch);
  const auto& p = step.Params<Conv>();
  kernels::ConvParts parts = p.parts;
  for (int i = 0; i < parts.count; ++i) parts.x[i] = step.in[i == 0 ? kImage : kMoreImages + i - 1].As<float>();
  kernels::RunPartedConv(p.geometry, parts, weights, step.out[0].As<float>(), EpilogueOf(step), scratch, run.pool());
  return OkStatus();
}

// Factors go into the weights, or into the image where that is smaller.
bool ScalesWeights(const ConvGeometry& image) { return image.pixels() >= image.filters; }

ConvGeometry OneImage(ConvGeometry g) {
  g.batch = 1;
  return g;
}

size_t ScaledFloats(const ConvGeometry& image) {
  const size_t pixels = static_cast<size_t>(image.pixels()) * static_cast<size_t>(image.channels);
  return ((ScalesWeights(image) ? kernels::PackedConvFloats(image) : pixels) + 31) / 16 * 16;
}

Status RunScaledStep(const Step& step, RunContext& run) {
  auto* scratch = reinterpret_cast<float*>(step.scratch);
  const float* weights = WeightsOf(step, &scratch);
  const auto& p = step.Params<Conv>();
  const ConvGeometry image = OneImage(p.geometry);
  float* const scaled = scratch;
  scratch += ScaledFloats(image);
  kernels::Epilogue epilogue = EpilogueOf(step);
  for (int64_t i = 0; i < p.geometry.batch; ++i) {
    const float* const x = step.in[kImage].As<float>() + i * image.pixels() * image.channels;
    const float* const factors = step.in[kFactors].As<float>() + i * image.channels;
    float* const y = step.out[0].As<float>() + i * image.pixels() * image.filters;
    if (ScalesWeights(image)) {
      kernels::ScaleConvWeights(image, weights, factors, scaled);
      kernels::RunConv(image, x, scaled, y, epilogue, scratch, run.pool());
    } else {
      kernels::ScalePixels(image, x, factors, scaled);
      kernels::RunConv(image, scaled, weights, y, epilogue, scratch, run.pool());
    }
    if (epilogue.residual != nullptr) epilogue.residual += image.pixels() * image.filters;
  }
  return OkStatus();
}

// The images of a convolution whose channels are put side by side.
Status ReadParts(BindContext& ctx, const ConvGeometry& g, kernels::ConvParts* parts) {
  static_assert(kMostConvParts == kernels::ConvParts::kMost);
  const Shape& first = ctx.In(kImage).shape;
  const int last = first.rank() - 1;
  bool fits = g.IsPointwise() && g.group == 1 && !ctx.HasInput(kFactors);
  for (int i = 0; i < ctx.input_count(); i = i == 0 ? kMoreImages : i + 1) {
    Shape shape = ctx.In(i).shape;
    fits = fits && ctx.In(i).dtype == DType::kFloat32 && shape.rank() == first.rank() && parts->count < kMostConvParts;
    if (!fits) break;
    parts->channels[parts->count] = static_cast<int>(shape[last]);
    parts->depth = std::gcd(parts->depth, parts->channels[parts->count++]);
    shape[last] = first[last];
    fits = shape == first;
  }
  return fits && parts->depth > 0 ? OkStatus()
                                  : Status(Error(Code::kShapeMismatch, "The parts of a convolution's image do not fit together"));
}

Status RunWinogradStep(const Step& step, RunContext& run) {
  const auto run_winograd = IsLine(step.Params<Conv>().geometry) ? kernels::RunWinogradLine : kernels::RunWinograd;
  run_winograd(step.Params<Conv>().geometry, step.in[0].As<float>(), PreparedFloats(*step.node, kWinogradWeights),
               step.out[0].As<float>(), EpilogueOf(step), reinterpret_cast<float*>(step.scratch), run.pool());
  return OkStatus();
}

}  // namespace

Result<Shape> ConvOutputShape(const InferContext& ctx, int weights, ImageAxes axes) {
  const Shape &x = ctx.In(0).shape, &w = ctx.In(weights).shape;
  if (!x.rank_known() || !w.rank_known()) return Shape::UnknownRank();
  if (x.rank() < 3 || w.rank() != x.rank()) {
    return Error(Code::kShapeMismatch, "Image and weights of a convolution have other ranks than expected")
        .Expected("3 to 5, the same for both")
        .Actual("x %s, w %s", ShapeText(x).text, ShapeText(w).text);
  }
  const int rank = x.rank(), channel = axes.channel(rank);
  WEBINFER_TRY(CheckChannels(x, w, ImageChannels(ctx, channel), ctx.attributes().Int("group", 1)));
  Shape out = Shape::Unknown(rank);
  out[0] = x[0];
  out[channel] = w[0];
  const std::span<const int64_t> kernel = w.dims().subspan(2);
  bool kernel_known = ctx.attributes().Has("kernel_shape");
  if (!kernel_known) kernel_known = std::all_of(kernel.begin(), kernel.end(), [](int64_t size) { return size >= 0; });
  if (!kernel_known) return out;
  Window window;
  WEBINFER_TRY(ReadWindow(ctx.attributes(), rank - 2, kernel, &window));
  for (int i = 0; i < rank - 2; ++i) {
    const int64_t size = x[axes.spatial(i)];
    if (size < 0) continue;
    WEBINFER_ASSIGN(out[axes.spatial(i)], SlideWindow(&window, i, size));
  }
  return out;
}

Status ReadConvGeometry(const InferContext& ctx, const Shape& out, ConvGeometry* g) {
  const Shape &x = ctx.In(0).shape, &w = ctx.In(1).shape;
  Window window;
  WEBINFER_TRY(ReadWindow(ctx.attributes(), w.rank() - 2, w.dims().subspan(2), &window));
  for (int i = 0; i < window.rank; ++i) {
    if (window.kernel[i] != w[i + 2]) {
      return Error(Code::kShapeMismatch, "kernel_shape is not the shape of the weights").Actual("w %s", ShapeText(w).text);
    }
    if (x.rank_known() && x[kLast.spatial(i)] >= 0) WEBINFER_TRY(SlideWindow(&window, i, x[kLast.spatial(i)]).status());
  }
  g->group = static_cast<int>(ctx.attributes().Int("group", 1));
  g->channels = static_cast<int>(w[1]) * g->group;
  g->filters = static_cast<int>(w[0]);
  Shape unknown = Shape::Unknown(w.rank());
  FillGeometry(window, x.rank_known() ? x : unknown, out.rank_known() ? out : unknown, kLast, g);
  return OkStatus();
}

Status InferConv(InferContext& ctx) { return InferImage(ctx, kFirst); }

Status InferChannelsLastConv(InferContext& ctx) { return InferImage(ctx, kLast); }

Status LowerConv(LowerContext& ctx, bool*) {
  const DType dtype = ctx.In(0).dtype;
  const int rank = ctx.In(1).shape.rank_known() ? ctx.In(1).shape.rank() : ctx.In(0).shape.rank();
  if (rank < 3 || rank > kMaxWindowRank + 2) {
    return Error(Code::kUnsupported, "A convolution of this rank")
        .Expected("3 to 5")
        .Actual("x %s", ShapeText(ctx.In(0).shape).text);
  }
  return IsOtherFloat(dtype) ? ComputeInFloat32(ctx) : LowerToChannelsLast(ctx, "Conv", rank);
}

Status BindConv(BindContext& ctx) {
  if (ctx.In(0).dtype != DType::kFloat32) {
    return Error(Code::kUnsupported, "A convolution of this type").Expected("float32").Actual("%s", DTypeName(ctx.In(0).dtype));
  }
  WEBINFER_ASSIGN(Conv * p, ctx.Params<Conv>());
  ConvGeometry& g = p->geometry;
  WEBINFER_TRY(ReadConvGeometry(ctx, ctx.Out(0).shape, &g));
  WEBINFER_TRY(ReadActivation(ctx.attributes(), &p->epilogue));
  WEBINFER_TRY(CheckEpilogueInputs(ctx, g.filters, ctx.Out(0).shape));
  if (g.pixels() > INT_MAX)
    return Error(Code::kUnsupported, "A convolution of this size").Actual("%s", ShapeText(ctx.Out(0).shape).text);

  if (g.channels != ImageChannels(ctx, kLast.channel(ctx.In(kImage).shape.rank())))
    return Error(Code::kShapeMismatch, "The image of a convolution has another number of channels than its weights");
  if (ctx.HasInput(kFactors) && (!g.IsPointwise() || g.group != 1 || ctx.In(kFactors).dtype != DType::kFloat32 ||
                                 ctx.In(kFactors).shape.Elements() != int64_t{g.batch} * g.channels))
    return Error(Code::kShapeMismatch, "The factors of a convolution do not fit its image");

  size_t scratch = 0;
  if (PreparedFloats(ctx.node(), kWinogradWeights) != nullptr && PrefersTransform(g)) {
    ctx.SetKernel(RunWinogradStep);
    const auto scratch_floats = IsLine(g) ? kernels::WinogradLineScratchFloats : kernels::WinogradScratchFloats;
    ctx.SetScratch(scratch_floats(g, ctx.threads()) * sizeof(float));
    return OkStatus();
  }
  if (PreparedFloats(ctx.node(), kWeights) == nullptr) scratch = p->packed_floats = (PackedWeightFloats(g) + 15) / 16 * 16;
  if (ctx.input_count() > kMoreImages) {
    WEBINFER_TRY(ReadParts(ctx, g, &p->parts));
    ctx.SetKernel(RunPartedStep);
    scratch += kernels::PartedConvScratchFloats(g, p->parts, ctx.threads());
  } else if (ctx.HasInput(kFactors)) {
    ctx.SetKernel(RunScaledStep);
    scratch += ScaledFloats(OneImage(g)) + kernels::ConvScratchFloats(g, ctx.threads());
  } else if (IsDepthwise(g)) {
    ctx.SetKernel(RunDepthwiseStep);
    scratch += kernels::DepthwiseScratchFloats(g, ctx.threads());
  } else {
    ctx.SetKernel(RunDirectStep);
    scratch += kernels::ConvScratchFloats(g, ctx.threads());
  }
  ctx.SetScratch(scratch * sizeof(float));
  return OkStatus();
}

uint64_t PackedWeightFloats(const ConvGeometry& g) {
  return IsDepthwise(g) ? kernels::PackedDepthwiseFloats(g) : kernels::PackedConvFloats(g);
}

uint64_t TransformedWeightFloats(const ConvGeometry& g, bool shapes_known) {
  if (!(shapes_known ? PrefersTransform(g) : AllowsTransform(g))) return 0;
  return IsLine(g) ? kernels::PackedWinogradLineFloats(g) : kernels::PackedWinogradFloats(g);
}

Status PrepareConv(PrepareContext& ctx) {
  const Tensor* weights = ctx.Constant(1);
  if (weights == nullptr || weights->dtype != DType::kFloat32) return OkStatus();
  const Shape& out = ctx.Out(0).shape;
  ConvGeometry g;
  WEBINFER_TRY(ReadConvGeometry(ctx, out, &g));
  const bool shapes_known = ctx.In(0).shape.known() && out.known();
  const uint64_t floats = TransformedWeightFloats(g, shapes_known);
  bool winograd = floats > 0;
  if (winograd) {
    winograd = ctx.Spend((floats - (shapes_known ? PackedWeightFloats(g) : 0)) * sizeof(float));
    if (winograd) {
      WEBINFER_ASSIGN(float* packed, KeepFloats(ctx, kWinogradWeights, floats));
      const auto pack = IsLine(g) ? kernels::PackWinogradLineWeights : kernels::PackWinogradWeights;
      pack(g, weights->As<float>(), packed);
    }
  }
  if (!winograd || !shapes_known) {
    WEBINFER_ASSIGN(float* packed, KeepFloats(ctx, kWeights, PackedWeightFloats(g)));
    Pack(g, weights->As<float>(), packed);
  }
  ctx.Drop(1);
  return OkStatus();
}

}  // namespace webinfer::ops
