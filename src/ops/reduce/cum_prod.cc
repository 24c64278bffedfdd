// CumProd: the running product along an axis.
#include "ops/reduce/along_axis.h"

WEBINFER_OP(CumProd) {
  using namespace webinfer;
  return {.name = "CumProd",
          .since = 26,
          .min_inputs = 2,
          .max_inputs = 2,
          .infer = ops::InferCumulative,
          .bind = [](BindContext& ctx) {
            ctx.SetKernel(ops::RunCumProd);
            ctx.MayShare(0, 0);
            return OkStatus();
          }};
}
