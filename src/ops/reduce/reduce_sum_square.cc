// ReduceSumSquare: the sum of squares.
#include "ops/reduce/reduce.h"

WEBINFER_OP(ReduceSumSquare) {
  using namespace webinfer;
  using namespace webinfer::kernels;
  return {.name = "ReduceSumSquare",
          .since = 18,
          .max_inputs = 2,
          .infer = ops::InferReduce,
          .bind = ops::BindReduce<Map::kSquare, Combine::kSum>,
          .layout = Layout::kAxes};
}
