// Resize's arithmetic along one axis, as ONNX's specification (Resize 19) defines it: which inputs an output is made of.
#pragma once

#include <cstdint>

#include "base/status.h"
#include "graph/attributes.h"

namespace webinfer::ops {

struct ResampleMode {
  enum class Kind : uint8_t { kNearest, kLinear, kCubic } kind = Kind::kNearest;
  enum class Nearest : uint8_t { kRoundPreferFloor, kRoundPreferCeil, kFloor, kCeil } nearest = Nearest::kRoundPreferFloor;
  enum class Coordinates : uint8_t {
    kHalfPixel,
    kHalfPixelSymmetric,
    kPytorchHalfPixel,
    kAlignCorners,
    kAsymmetric,
    kTfCropAndResize
  } coordinates = Coordinates::kHalfPixel;
  bool antialias = false, exclude_outside = false;
  float cubic_coefficient = -0.75f, extrapolation_value = 0;
};

Status ReadResampleMode(const Attributes& attributes, ResampleMode* mode);

struct ResampleAxis {
  int64_t in = 1, out = 1;
  float scale = 1;
  float roi_start = 0, roi_end = 1;  // kTfCropAndResize
};

// Inputs per output.
int ResampleTaps(const ResampleMode& mode, const ResampleAxis& axis);
// Fills out * taps indices (inside the axis) and weights; `outside` marks outputs beyond the axis (kTfCropAndResize).
void FillResampleTable(const ResampleMode& mode, const ResampleAxis& axis, int32_t* indices, float* weights, uint8_t* outside);

}  // namespace webinfer::ops
