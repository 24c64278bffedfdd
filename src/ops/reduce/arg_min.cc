// ArgMin: where along an axis the smallest element is.
#include "ops/reduce/along_axis.h"

WEBINFER_OP(ArgMin) {
  using namespace webinfer;
  return {.name = "ArgMin", .since = 13, .infer = ops::InferArgExtreme, .bind = ops::BindArgMin};
}
