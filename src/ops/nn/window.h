// The sliding window that convolutions and pools share: ONNX's kernel_shape, strides, pads, dilations, auto_pad, ceil_mode.
#pragma once

#include "kernels/conv.h"
#include "ops/op.h"

namespace webinfer::ops {

inline constexpr int kMaxWindowRank = 3;

struct Window {
  int rank = 0;
  int64_t kernel[kMaxWindowRank], stride[kMaxWindowRank], dilation[kMaxWindowRank];
  int64_t pad_begin[kMaxWindowRank] = {}, pad_end[kMaxWindowRank] = {};
  enum class AutoPad : uint8_t { kNotSet, kSameUpper, kSameLower, kValid } auto_pad = AutoPad::kNotSet;
  bool ceil_mode = false;

  int64_t extent(int axis) const { return (kernel[axis] - 1) * dilation[axis] + 1; }
};

// Reads the attributes for `rank` spatial axes. The kernel's size comes from `kernel` when the attribute is missing.
Status ReadWindow(const Attributes& attributes, int rank, std::span<const int64_t> kernel, Window* window);

// The number of positions along `axis` for an input of `size` (>= 0); also settles pad_begin and pad_end of an auto_pad.
Result<int64_t> SlideWindow(Window* window, int axis, int64_t size);

// Where channels and spatial axes are: ONNX's [N, C, spatial...] or [N, spatial..., C].
struct ImageAxes {
  bool channels_last;
  int channel(int rank) const { return channels_last ? rank - 1 : 1; }
  int spatial(int axis) const { return axis + (channels_last ? 1 : 2); }
};

// Window and image sizes as kernels see them, 3 spatial axes; channels, filters and group are left to the caller. The
// window's pads are settled.
void FillGeometry(const Window& window, const Shape& in, const Shape& out, ImageAxes axes, kernels::ConvGeometry* geometry);

// Adds the Transpose to [N, spatial..., C], or back.
ValueId ToChannelsLast(LowerContext& ctx, ValueId image, int rank);
ValueId FromChannelsLast(LowerContext& ctx, ValueId image, int rank);

// Copies the attributes of the node that is being lowered to the one added last.
void CopyAttributes(LowerContext& ctx);

// Lowers a public image operator to Transpose + webinfer.<name> + Transpose.
Status LowerToChannelsLast(LowerContext& ctx, std::string_view name, int rank);

}  // namespace webinfer::ops
