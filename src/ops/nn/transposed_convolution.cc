#include "ops/nn/transposed_convolution.h"

#include <algorithm>
#include <climits>

#include "kernels/conv_transpose.h"
#include "ops/float32.h"
#include "ops/nn/fused.h"
#include "ops/nn/prepared.h"
#include "ops/nn/window.h"

namespace webinfer::ops {
namespace {

using kernels::ConvGeometry;

constexpr int64_t kMostStride = 1 << 12;  // packing takes time for each phase, whether it sees a tap or not

constexpr size_t kPanelSlack = 8;  // floats that kernels read behind a bias

constexpr ImageAxes kLast{true}, kFirst{false};

struct ConvTranspose {
  ConvGeometry geometry;
  kernels::Epilogue epilogue;
  uint64_t packed_floats;  // room in scratch for weights that come with the run
  int joined;              // columns of the kernel that became channels
};

int64_t AttributeAt(const Attributes& attributes, std::string_view name, int axis) {
  const std::span<const int64_t> values = attributes.Ints(name);
  return static_cast<size_t>(axis) < values.size() ? values[static_cast<size_t>(axis)] : 0;
}

// The output's size along a spatial axis of `size`; settles pad_begin.
Result<int64_t> OutputSize(const Attributes& attributes, Window* window, int axis, int64_t size) {
  const int64_t stride = window->stride[axis], extent = window->extent(axis);
  const int64_t extra = AttributeAt(attributes, "output_padding", axis);
  const std::span<const int64_t> output_shape = attributes.Ints("output_shape");
  using AutoPad = Window::AutoPad;
  const bool same = window->auto_pad == AutoPad::kSameUpper || window->auto_pad == AutoPad::kSameLower;
  int64_t out = 0;
  if (!output_shape.empty() || same) {
    // output_shape may name all axes or the spatial ones.
    const size_t skip = output_shape.size() > static_cast<size_t>(window->rank) ? 2 : 0;
    out = output_shape.empty() ? size * stride : AttributeAt(attributes, "output_shape", axis + static_cast<int>(skip));
    const int64_t total = std::max<int64_t>(0, stride * (size - 1) + extra + extent - out);
    window->pad_begin[axis] = window->auto_pad == AutoPad::kSameUpper ? total / 2 : total - total / 2;
    window->pad_end[axis] = total - window->pad_begin[axis];
  } else {
    out = stride * (size - 1) + extra + extent - window->pad_begin[axis] - window->pad_end[axis];
  }
  if (out >= 0 && out <= INT_MAX) return out;
  return Error(Code::kShapeMismatch, "The padding of a transposed convolution takes more than there is along spatial axis %d",
               axis)
      .Actual("an output of %lld", static_cast<long long>(out));
}

Status InferImage(InferContext& ctx, ImageAxes axes) {
  WEBINFER_TRY(ctx.ExpectSameDType(0, 1));
  const Shape &x = ctx.In(0).shape, &w = ctx.In(1).shape;
  const DType dtype = ctx.In(0).dtype;
  if (!x.rank_known() || !w.rank_known()) return ctx.SetOutput(0, dtype, Shape::UnknownRank());
  const int rank = x.rank(), channel = axes.channel(rank);
  const int64_t group = ctx.attributes().Int("group", 1);
  const bool fits = rank >= 3 && w.rank() == rank && group >= 1 && group <= INT_MAX &&
                    (x[channel] < 0 || w[0] < 0 || (x[channel] == w[0] && w[0] % group == 0));
  if (!fits) {
    return Error(Code::kShapeMismatch, "Image and weights of a transposed convolution do not fit together")
        .Expected("x with w.shape[0] channels, a multiple of group %lld; w %s", static_cast<long long>(group), ShapeText(w).text)
        .Actual("x %s", ShapeText(x).text);
  }
  Shape out = Shape::Unknown(rank);
  out[0] = x[0];
  if (w[1] >= 0) out[channel] = w[1] * group;
  const std::span<const int64_t> kernel = w.dims().subspan(2);
  const bool known =
      ctx.attributes().Has("kernel_shape") || std::all_of(kernel.begin(), kernel.end(), [](int64_t size) { return size >= 0; });
  if (known) {
    Window window;
    WEBINFER_TRY(ReadWindow(ctx.attributes(), rank - 2, kernel, &window));
    for (int i = 0; i < rank - 2; ++i) {
      const int64_t size = x[axes.spatial(i)];
      if (size < 0) continue;
      WEBINFER_ASSIGN(out[axes.spatial(i)], OutputSize(ctx.attributes(), &window, i, size));
    }
  }
  return ctx.SetOutput(0, dtype, out);
}

// Sizes of the image stay 1 while they are not known.
Status ReadGeometry(InferContext& ctx, ConvGeometry* g) {
  const Shape &x = ctx.In(0).shape, &w = ctx.In(1).shape;
  Window window;
  WEBINFER_TRY(ReadWindow(ctx.attributes(), w.rank() - 2, w.dims().subspan(2), &window));
  for (int i = 0; i < window.rank; ++i) {
    if (window.stride[i] > kMostStride) {
      return Error(Code::kUnsupported, "A transposed convolution of this stride")
          .Expected("at most %lld", static_cast<long long>(kMostStride))
          .Actual("%lld", static_cast<long long>(window.stride[i]));
    }
    if (window.kernel[i] != w[i + 2]) {
      return Error(Code::kShapeMismatch, "kernel_shape is not the shape of the weights").Actual("w %s", ShapeText(w).text);
    }
    if (x.known()) WEBINFER_TRY(OutputSize(ctx.attributes(), &window, i, x[kLast.spatial(i)]).status());
  }
  g->group = static_cast<int>(ctx.attributes().Int("group", 1));
  g->channels = static_cast<int>(w[0]);
  g->filters = static_cast<int>(w[1]) * g->group;
  Shape ones = Shape::Unknown(w.rank());
  for (int i = 0; i < w.rank(); ++i) ones[i] = 1;
  FillGeometry(window, x.known() ? x : ones, x.known() ? ctx.Out(0).shape : ones, kLast, g);
  return OkStatus();
}

// Whatever the image's size, nothing is cut from the last axis or added to it.
bool IsUnpadded(const Attributes& attributes, int rank) {
  const std::string_view auto_pad = attributes.String("auto_pad", "NOTSET");
  const bool explicit_pads = auto_pad.empty() || auto_pad == "NOTSET";
  const int last = rank - 1;
  return (explicit_pads || auto_pad == "VALID") && attributes.Ints("output_shape").empty() &&
         AttributeAt(attributes, "output_padding", last) == 0 &&
         (!explicit_pads || (AttributeAt(attributes, "pads", last) == 0 && AttributeAt(attributes, "pads", rank + last) == 0));
}

// The geometry that weights are packed for and the kernel runs.
Status ReadJoinedGeometry(InferContext& ctx, ConvGeometry* g, int* joined) {
  WEBINFER_TRY(ReadGeometry(ctx, g));
  *joined = kernels::JoinColumns(IsUnpadded(ctx.attributes(), ctx.In(1).shape.rank() - 2), g);
  return OkStatus();
}

size_t RoundUp(size_t floats) { return (floats + 15) / 16 * 16; }

Status RunConvTransposeStep(const Step& step, RunContext& run) {
  const auto& p = step.Params<ConvTranspose>();
  auto* scratch = reinterpret_cast<float*>(step.scratch);
  const float* weights = PreparedFloats(*step.node, 0);
  if (weights == nullptr) {
    kernels::PackConvTransposeWeights(p.geometry, step.in[1].As<float>(), scratch, p.joined);
    weights = scratch;
    scratch += p.packed_floats;
  }
  kernels::Epilogue epilogue = p.epilogue;
  if (step.HasInput(2)) epilogue.bias = step.in[2].As<float>();
  if (epilogue.bias != nullptr && p.joined > 1) {
    const auto own = static_cast<size_t>(p.geometry.filters / p.joined);
    for (size_t i = 0; i < static_cast<size_t>(p.geometry.filters); ++i) scratch[i] = epilogue.bias[i % own];
    epilogue.bias = scratch;
    scratch += RoundUp(static_cast<size_t>(p.geometry.filters) + kPanelSlack);
  }
  kernels::RunConvTranspose(p.geometry, step.in[0].As<float>(), weights, step.out[0].As<float>(), epilogue, scratch, run.pool());
  return OkStatus();
}

}  // namespace

Status InferConvTranspose(InferContext& ctx) { return InferImage(ctx, kFirst); }

Status InferChannelsLastConvTranspose(InferContext& ctx) { return InferImage(ctx, kLast); }

Status LowerConvTranspose(LowerContext& ctx, bool*) {
  const int rank = ctx.In(1).shape.rank_known() ? ctx.In(1).shape.rank() : ctx.In(0).shape.rank();
  if (rank < 3 || rank > kMaxWindowRank + 2) {
    return Error(Code::kUnsupported, "A transposed convolution of this rank")
        .Expected("3 to 5")
        .Actual("x %s", ShapeText(ctx.In(0).shape).text);
  }
  if (IsOtherFloat(ctx.In(0).dtype)) return ComputeInFloat32(ctx);
  return LowerToChannelsLast(ctx, "ConvTranspose", rank);
}

Status BindConvTranspose(BindContext& ctx) {
  if (ctx.In(0).dtype != DType::kFloat32) {
    return Error(Code::kUnsupported, "A transposed convolution of this type")
        .Expected("float32")
        .Actual("%s", DTypeName(ctx.In(0).dtype));
  }
  WEBINFER_ASSIGN(ConvTranspose * p, ctx.Params<ConvTranspose>());
  WEBINFER_TRY(ReadJoinedGeometry(ctx, &p->geometry, &p->joined));
  WEBINFER_TRY(ReadActivation(ctx.attributes(), &p->epilogue));
  WEBINFER_TRY(CheckEpilogueInputs(ctx, p->geometry.filters / p->joined, ctx.Out(0).shape));
  if (PreparedFloats(ctx.node(), 0) == nullptr) p->packed_floats = RoundUp(kernels::PackedConvTransposeFloats(p->geometry));
  const size_t bias = p->joined > 1 ? RoundUp(static_cast<size_t>(p->geometry.filters) + kPanelSlack) : 0;
  ctx.SetKernel(RunConvTransposeStep);
  ctx.SetScratch((p->packed_floats + bias + kernels::ConvTransposeScratchFloats(p->geometry, ctx.threads())) * sizeof(float));
  return OkStatus();
}

Status PrepareConvTranspose(PrepareContext& ctx) {
  const Tensor* weights = ctx.Constant(1);
  if (weights == nullptr || weights->dtype != DType::kFloat32) return OkStatus();
  ConvGeometry g;
  int joined = 1;
  WEBINFER_TRY(ReadJoinedGeometry(ctx, &g, &joined));
  WEBINFER_ASSIGN(float* packed, KeepFloats(ctx, 0, kernels::PackedConvTransposeFloats(g)));
  kernels::PackConvTransposeWeights(g, weights->As<float>(), packed, joined);
  ctx.Drop(1);
  return OkStatus();
}

}  // namespace webinfer::ops
