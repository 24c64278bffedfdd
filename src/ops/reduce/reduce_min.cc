// ReduceMin: the smallest; of bools, whether all are set.
#include "ops/reduce/reduce.h"

WEBINFER_OP(ReduceMin) {
  using namespace webinfer;
  using namespace webinfer::kernels;
  return {.name = "ReduceMin",
          .since = 20,
          .max_inputs = 2,
          .infer = ops::InferReduce,
          .bind = ops::BindReduce<Map::kIdentity, Combine::kMin>,
          .layout = Layout::kAxes};
}
