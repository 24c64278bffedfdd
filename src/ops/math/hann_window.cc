// HannWindow: see window.h.
#include "ops/math/window.h"

namespace {
constexpr double kCoefficients[3] = {0.5, 0.5, 0};
}

WEBINFER_OP(HannWindow) {
  return {
      .name = "HannWindow", .since = 17, .infer = webinfer::ops::InferWindow, .bind = webinfer::ops::BindWindow<kCoefficients>};
}
