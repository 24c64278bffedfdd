// Softmax: exp(x) over its sum along an axis.
#include "ops/math/softmax.h"

WEBINFER_OP(Softmax) {
  using namespace webinfer;
  return {.name = "Softmax",
          .since = 13,
          .infer = ops::InferSoftmax,
          .bind = ops::BindSoftmax<kernels::SoftmaxKind::kSoftmax>,
          .layout = Layout::kAxis};
}
