// ReduceProd: the product.
#include "ops/reduce/reduce.h"

WEBINFER_OP(ReduceProd) {
  using namespace webinfer;
  using namespace webinfer::kernels;
  return {.name = "ReduceProd",
          .since = 18,
          .max_inputs = 2,
          .infer = ops::InferReduce,
          .bind = ops::BindReduce<Map::kIdentity, Combine::kProduct>,
          .layout = Layout::kAxes};
}
