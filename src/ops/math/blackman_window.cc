// BlackmanWindow: see window.h.
#include "ops/math/window.h"

namespace {
constexpr double kCoefficients[3] = {0.42, 0.5, 0.08};
}

WEBINFER_OP(BlackmanWindow) {
  return {.name = "BlackmanWindow",
          .since = 17,
          .infer = webinfer::ops::InferWindow,
          .bind = webinfer::ops::BindWindow<kCoefficients>};
}
