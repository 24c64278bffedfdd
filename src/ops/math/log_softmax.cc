// LogSoftmax: the logarithm of Softmax.
#include "ops/math/softmax.h"

WEBINFER_OP(LogSoftmax) {
  using namespace webinfer;
  return {.name = "LogSoftmax",
          .since = 13,
          .infer = ops::InferSoftmax,
          .bind = ops::BindSoftmax<kernels::SoftmaxKind::kLogSoftmax>,
          .layout = Layout::kAxis};
}
