// ReduceSum: the sum.
#include "ops/reduce/reduce.h"

WEBINFER_OP(ReduceSum) {
  using namespace webinfer;
  using namespace webinfer::kernels;
  return {.name = "ReduceSum",
          .since = 13,
          .max_inputs = 2,
          .infer = ops::InferReduce,
          .bind = ops::BindReduce<Map::kIdentity, Combine::kSum>,
          .layout = Layout::kAxes};
}
