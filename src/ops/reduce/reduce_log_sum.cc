// ReduceLogSum: the logarithm of the sum.
#include "ops/reduce/reduce.h"

WEBINFER_OP(ReduceLogSum) {
  using namespace webinfer;
  using namespace webinfer::kernels;
  return {.name = "ReduceLogSum",
          .since = 18,
          .max_inputs = 2,
          .infer = ops::InferReduce,
          .bind = ops::BindReduce<Map::kIdentity, Combine::kSum, Finish::kLog>,
          .layout = Layout::kAxes};
}
