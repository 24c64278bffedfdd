// ReduceMean: the mean.
#include "ops/reduce/reduce.h"

WEBINFER_OP(ReduceMean) {
  using namespace webinfer;
  using namespace webinfer::kernels;
  return {.name = "ReduceMean",
          .since = 18,
          .max_inputs = 2,
          .infer = ops::InferReduce,
          .bind = ops::BindReduce<Map::kIdentity, Combine::kSum, Finish::kMean>,
          .layout = Layout::kAxes};
}
