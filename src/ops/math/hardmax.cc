// Hardmax: 1 for the first largest element along an axis, 0 for the others.
#include "ops/math/softmax.h"

WEBINFER_OP(Hardmax) {
  using namespace webinfer;
  return {.name = "Hardmax",
          .since = 13,
          .infer = ops::InferSoftmax,
          .bind = ops::BindSoftmax<kernels::SoftmaxKind::kHardmax>,
          .layout = Layout::kAxis};
}
