// ReduceL2: the root of the sum of squares.
#include "ops/reduce/reduce.h"

WEBINFER_OP(ReduceL2) {
  using namespace webinfer;
  using namespace webinfer::kernels;
  return {.name = "ReduceL2",
          .since = 18,
          .max_inputs = 2,
          .infer = ops::InferReduce,
          .bind = ops::BindReduce<Map::kSquare, Combine::kSum, Finish::kSqrt>,
          .layout = Layout::kAxes};
}
