// ReduceL1: the sum of magnitudes.
#include "ops/reduce/reduce.h"

WEBINFER_OP(ReduceL1) {
  using namespace webinfer;
  using namespace webinfer::kernels;
  return {.name = "ReduceL1",
          .since = 18,
          .max_inputs = 2,
          .infer = ops::InferReduce,
          .bind = ops::BindReduce<Map::kAbs, Combine::kSum>,
          .layout = Layout::kAxes};
}
