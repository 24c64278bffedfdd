#include "ops/nn/resample.h"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace webinfer::ops {
namespace {

using Kind = ResampleMode::Kind;
using Nearest = ResampleMode::Nearest;
using Coordinates = ResampleMode::Coordinates;

template <typename T>
struct Named {
  std::string_view name;
  T value;
};

template <typename T, size_t kCount>
Status ReadNamed(const Attributes& attributes, std::string_view attribute, const Named<T> (&names)[kCount], T* value) {
  const std::string_view given = attributes.String(attribute, names[0].name);
  for (const Named<T>& known : names) {
    if (known.name == given) {
      *value = known.value;
      return OkStatus();
    }
  }
  return Error(Code::kInvalidModel, "Resize does not know this %.*s", static_cast<int>(attribute.size()), attribute.data())
      .Actual("%.*s", static_cast<int>(given.size()), given.data());
}

// Where output j lies among the inputs.
float InputPosition(const ResampleMode& mode, const ResampleAxis& axis, int64_t j) {
  const auto in = static_cast<float>(axis.in), at = static_cast<float>(j);
  const float out = axis.scale * in;  // not rounded
  switch (mode.coordinates) {
    case Coordinates::kHalfPixel: return (at + 0.5f) / axis.scale - 0.5f;
    case Coordinates::kHalfPixelSymmetric: {
      const float adjustment = static_cast<float>(axis.out) / out;
      return in / 2 * (1 - adjustment) + (at + 0.5f) / axis.scale - 0.5f;
    }
    case Coordinates::kPytorchHalfPixel: return out > 1 ? (at + 0.5f) / axis.scale - 0.5f : -0.5f;
    case Coordinates::kAlignCorners: return out == 1 ? 0 : at * (in - 1) / (out - 1);
    case Coordinates::kAsymmetric: return at / axis.scale;
    case Coordinates::kTfCropAndResize: {
      const float extent = (axis.roi_end - axis.roi_start) * (in - 1);
      return axis.roi_start * (in - 1) + (axis.out > 1 ? at * extent / static_cast<float>(axis.out - 1) : extent / 2);
    }
  }
  return at;
}

int64_t NearestIndex(Nearest mode, float position) {
  const float floor = std::floor(position), ceil = std::ceil(position);
  switch (mode) {
    case Nearest::kFloor: return static_cast<int64_t>(floor);
    case Nearest::kCeil: return static_cast<int64_t>(ceil);
    case Nearest::kRoundPreferFloor: return static_cast<int64_t>(position - floor <= 0.5f ? floor : ceil);
    case Nearest::kRoundPreferCeil: return static_cast<int64_t>(position - floor < 0.5f ? floor : ceil);
  }
  return 0;
}

double CubicWeight(double distance, double a) {
  const double x = std::fabs(distance);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

// Half the inputs an output sees, on either side.
int Reach(const ResampleMode& mode, const ResampleAxis& axis) {
  const int support = mode.kind == Kind::kCubic ? 2 : 1;
  if (!mode.antialias || axis.scale >= 1) return support;
  constexpr double kMost = 1 << 20;  // scales may be as small as a file likes
  return static_cast<int>(std::ceil(std::min(static_cast<double>(support) / static_cast<double>(axis.scale), kMost)));
}

}  // namespace

Status ReadResampleMode(const Attributes& attributes, ResampleMode* mode) {
  static constexpr Named<Kind> kKinds[] = {{"nearest", Kind::kNearest}, {"linear", Kind::kLinear}, {"cubic", Kind::kCubic}};
  static constexpr Named<Nearest> kNearestModes[] = {{"round_prefer_floor", Nearest::kRoundPreferFloor},
                                                     {"round_prefer_ceil", Nearest::kRoundPreferCeil},
                                                     {"floor", Nearest::kFloor},
                                                     {"ceil", Nearest::kCeil},
                                                     {"simple", Nearest::kFloor}};
  static constexpr Named<Coordinates> kCoordinates[] = {{"half_pixel", Coordinates::kHalfPixel},
                                                        {"half_pixel_symmetric", Coordinates::kHalfPixelSymmetric},
                                                        {"pytorch_half_pixel", Coordinates::kPytorchHalfPixel},
                                                        {"align_corners", Coordinates::kAlignCorners},
                                                        {"asymmetric", Coordinates::kAsymmetric},
                                                        {"tf_crop_and_resize", Coordinates::kTfCropAndResize}};
  WEBINFER_TRY(ReadNamed(attributes, "mode", kKinds, &mode->kind));
  WEBINFER_TRY(ReadNamed(attributes, "nearest_mode", kNearestModes, &mode->nearest));
  WEBINFER_TRY(ReadNamed(attributes, "coordinate_transformation_mode", kCoordinates, &mode->coordinates));
  mode->antialias = attributes.Int("antialias", 0) != 0;
  mode->exclude_outside = attributes.Int("exclude_outside", 0) != 0;
  mode->cubic_coefficient = attributes.Float("cubic_coeff_a", -0.75f);
  mode->extrapolation_value = attributes.Float("extrapolation_value", 0);
  return OkStatus();
}

int ResampleTaps(const ResampleMode& mode, const ResampleAxis& axis) {
  return mode.kind == Kind::kNearest ? 1 : 2 * Reach(mode, axis);
}

void FillResampleTable(const ResampleMode& mode, const ResampleAxis& axis, int32_t* indices, float* weights, uint8_t* outside) {
  const int taps = ResampleTaps(mode, axis), reach = taps / 2;
  const double stretch = mode.antialias ? std::min(1.0, static_cast<double>(axis.scale)) : 1.0;
  const auto clamp = [&](int64_t index) { return static_cast<int32_t>(std::clamp<int64_t>(index, 0, axis.in - 1)); };
  for (int64_t j = 0; j < axis.out; ++j, indices += taps, weights += taps) {
    const float position = InputPosition(mode, axis, j);
    outside[j] =
        mode.coordinates == Coordinates::kTfCropAndResize && (position < 0 || position > static_cast<float>(axis.in - 1));
    if (mode.kind == Kind::kNearest) {
      indices[0] = clamp(NearestIndex(mode.nearest, position));
      weights[0] = 1;
      continue;
    }
    const auto floor = static_cast<int64_t>(std::floor(position));
    const double ratio = static_cast<double>(position) - static_cast<double>(floor);
    double sum = 0;
    for (int t = 0; t < taps; ++t) {
      const int64_t offset = t - reach + 1, index = floor + offset;
      const double distance = (static_cast<double>(offset) - ratio) * stretch;
      double weight = mode.kind == Kind::kCubic ? CubicWeight(distance, static_cast<double>(mode.cubic_coefficient))
                                                : std::max(0.0, 1 - std::fabs(distance));
      if (mode.exclude_outside && (index < 0 || index >= axis.in)) weight = 0;
      indices[t] = clamp(index);
      weights[t] = static_cast<float>(weight);
      sum += weight;
    }
    for (int t = 0; t < taps && sum != 0; ++t) weights[t] = static_cast<float>(static_cast<double>(weights[t]) / sum);
  }
}

}  // namespace webinfer::ops
