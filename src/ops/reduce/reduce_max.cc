// ReduceMax: the largest; of bools, whether any is set.
#include "ops/reduce/reduce.h"

WEBINFER_OP(ReduceMax) {
  using namespace webinfer;
  using namespace webinfer::kernels;
  return {.name = "ReduceMax",
          .since = 20,
          .max_inputs = 2,
          .infer = ops::InferReduce,
          .bind = ops::BindReduce<Map::kIdentity, Combine::kMax>,
          .layout = Layout::kAxes};
}
