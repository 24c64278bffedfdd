// HammingWindow: see window.h.
#include "ops/math/window.h"

namespace {
constexpr double kCoefficients[3] = {25.0 / 46, 21.0 / 46, 0};
}

WEBINFER_OP(HammingWindow) {
  return {.name = "HammingWindow",
          .since = 17,
          .infer = webinfer::ops::InferWindow,
          .bind = webinfer::ops::BindWindow<kCoefficients>};
}
