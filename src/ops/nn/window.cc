#include "ops/nn/window.h"

#include <algorithm>

namespace webinfer::ops {
namespace {

// Far beyond every real window, and small enough for kernels to add such numbers up in 32 bits.
constexpr int64_t kMostWindow = 1 << 28;

Status ReadInts(const Attributes& attributes, std::string_view name, int count, int64_t least, int64_t otherwise,
                int64_t* values) {
  const std::span<const int64_t> given = attributes.Ints(name);
  std::fill(values, values + count, otherwise);
  if (given.empty()) return OkStatus();
  bool valid = given.size() == static_cast<size_t>(count);
  for (int i = 0; valid && i < count; ++i) {
    values[i] = given[static_cast<size_t>(i)];
    valid = values[i] >= least && values[i] <= kMostWindow;
  }
  if (valid) return OkStatus();
  return Error(Code::kInvalidModel, "Attribute %.*s does not fit the window", static_cast<int>(name.size()), name.data())
      .Expected("%d numbers from %lld to %lld", count, static_cast<long long>(least), static_cast<long long>(kMostWindow))
      .Actual("%zu numbers", given.size());
}

ValueId Permute(LowerContext& ctx, ValueId image, std::vector<int64_t> perm) {
  const ValueId result = ctx.Add("Transpose", {image});
  ctx.Last().attributes.SetInts("perm", std::move(perm));
  return result;
}

}  // namespace

Status ReadWindow(const Attributes& attributes, int rank, std::span<const int64_t> kernel, Window* window) {
  if (rank < 1 || rank > kMaxWindowRank) {
    return Error(Code::kUnsupported, "A window over this many spatial axes").Expected("1 to 3").Actual("%d", rank);
  }
  window->rank = rank;
  if (attributes.Has("kernel_shape") || kernel.size() != static_cast<size_t>(rank)) {
    if (!attributes.Has("kernel_shape")) return Error(Code::kInvalidModel, "Attribute kernel_shape is missing");
    WEBINFER_TRY(ReadInts(attributes, "kernel_shape", rank, 1, 1, window->kernel));
  } else {
    std::copy(kernel.begin(), kernel.end(), window->kernel);
  }
  WEBINFER_TRY(ReadInts(attributes, "strides", rank, 1, 1, window->stride));
  WEBINFER_TRY(ReadInts(attributes, "dilations", rank, 1, 1, window->dilation));
  window->ceil_mode = attributes.Int("ceil_mode", 0) != 0;
  int64_t taps = 1;
  for (int i = 0; i < rank; ++i) {
    taps = std::min(kMostWindow + 1, taps * window->kernel[i]);
    if (window->kernel[i] < 1 || taps > kMostWindow || window->extent(i) > kMostWindow) {
      return Error(Code::kUnsupported, "A window of this size")
          .Actual("%lld with dilation %lld along spatial axis %d", static_cast<long long>(window->kernel[i]),
                  static_cast<long long>(window->dilation[i]), i);
    }
  }

  const std::string_view auto_pad = attributes.String("auto_pad", "NOTSET");
  using AutoPad = Window::AutoPad;
  window->auto_pad = auto_pad == "SAME_UPPER"   ? AutoPad::kSameUpper
                     : auto_pad == "SAME_LOWER" ? AutoPad::kSameLower
                     : auto_pad == "VALID"      ? AutoPad::kValid
                                                : AutoPad::kNotSet;
  if (window->auto_pad != AutoPad::kNotSet) return OkStatus();
  int64_t pads[2 * kMaxWindowRank];
  WEBINFER_TRY(ReadInts(attributes, "pads", 2 * rank, -kMostWindow, 0, pads));
  std::copy(pads, pads + rank, window->pad_begin);
  std::copy(pads + rank, pads + 2 * rank, window->pad_end);
  return OkStatus();
}

Result<int64_t> SlideWindow(Window* window, int axis, int64_t size) {
  const int64_t stride = window->stride[axis], extent = window->extent(axis);
  if (window->auto_pad == Window::AutoPad::kSameUpper || window->auto_pad == Window::AutoPad::kSameLower) {
    const int64_t positions = (size + stride - 1) / stride;
    const int64_t pad = std::max<int64_t>(0, (positions - 1) * stride + extent - size);
    const int64_t less = pad / 2;
    window->pad_begin[axis] = window->auto_pad == Window::AutoPad::kSameUpper ? less : pad - less;
    window->pad_end[axis] = pad - window->pad_begin[axis];
    return positions;
  }
  const int64_t free = size + window->pad_begin[axis] + window->pad_end[axis] - extent;
  if (free < 0) {
    if (size == 0) return int64_t{0};
    return Error(Code::kShapeMismatch, "The window is larger than the padded input along spatial axis %d", axis)
        .Expected("at least %lld", static_cast<long long>(extent))
        .Actual("%lld", static_cast<long long>(free + extent));
  }
  int64_t positions = free / stride + 1;
  // The last window of ceil_mode must start inside the input or the padding in front of it.
  if (window->ceil_mode && free % stride != 0 && positions * stride < size + window->pad_begin[axis]) ++positions;
  return positions;
}

void FillGeometry(const Window& window, const Shape& in, const Shape& out, ImageAxes axes, kernels::ConvGeometry* g) {
  g->batch = static_cast<int>(in[0]);
  for (int i = 0; i < window.rank; ++i) {
    const int to = kMaxWindowRank - window.rank + i, axis = axes.spatial(i);
    g->in[to] = static_cast<int>(in[axis]);
    g->out[to] = static_cast<int>(out[axis]);
    g->kernel[to] = static_cast<int>(window.kernel[i]);
    g->stride[to] = static_cast<int>(window.stride[i]);
    g->dilation[to] = static_cast<int>(window.dilation[i]);
    g->pad[to] = static_cast<int>(window.pad_begin[i]);
  }
}

ValueId ToChannelsLast(LowerContext& ctx, ValueId image, int rank) {
  std::vector<int64_t> perm = {0};
  for (int i = 2; i < rank; ++i) perm.push_back(i);
  perm.push_back(1);
  return Permute(ctx, image, std::move(perm));
}

ValueId FromChannelsLast(LowerContext& ctx, ValueId image, int rank) {
  std::vector<int64_t> perm = {0, rank - 1};
  for (int i = 1; i < rank - 1; ++i) perm.push_back(i);
  return Permute(ctx, image, std::move(perm));
}

void CopyAttributes(LowerContext& ctx) {
  for (const Attribute& attribute : ctx.attributes().all()) ctx.Last().attributes.Set(attribute);
}

Status LowerToChannelsLast(LowerContext& ctx, std::string_view name, int rank) {
  std::vector<ValueId> inputs = {ToChannelsLast(ctx, ctx.Input(0), rank)};
  for (int i = 1; i < ctx.input_count(); ++i) inputs.push_back(ctx.Input(i));
  const ValueId out = ctx.Add(name, std::move(inputs), "webinfer");
  CopyAttributes(ctx);
  ctx.Return(0, FromChannelsLast(ctx, out, rank));
  return OkStatus();
}

}  // namespace webinfer::ops
