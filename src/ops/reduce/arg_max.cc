// ArgMax: where along an axis the largest element is.
#include "ops/reduce/along_axis.h"

WEBINFER_OP(ArgMax) {
  using namespace webinfer;
  return {.name = "ArgMax", .since = 13, .infer = ops::InferArgExtreme, .bind = ops::BindArgMax};
}
