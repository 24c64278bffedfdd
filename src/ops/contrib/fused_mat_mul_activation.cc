// com.microsoft.FusedMatMulActivation: FusedMatMul with an activation.
#include "ops/contrib/fused_products.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  WEBINFER_ASSIGN(const ValueId product, AddFusedMatMul(ctx));
  ctx.Return(0, Activated(ctx, product));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_FusedMatMulActivation) {
  return {.name = "FusedMatMulActivation",
          .domain = "com.microsoft",
          .min_inputs = 2,
          .max_inputs = 2,
          .lower = webinfer::ops::Lower};
}
