// CumSum: the running sum along an axis.
#include "ops/reduce/along_axis.h"

WEBINFER_OP(CumSum) {
  using namespace webinfer;
  return {.name = "CumSum",
          .since = 14,
          .min_inputs = 2,
          .max_inputs = 2,
          .infer = ops::InferCumulative,
          .bind = [](BindContext& ctx) {
            ctx.SetKernel(ops::RunCumSum);
            ctx.MayShare(0, 0);
            return OkStatus();
          }};
}
