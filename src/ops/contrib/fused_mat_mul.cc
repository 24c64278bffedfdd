// com.microsoft.FusedMatMul: webinfer.MatMul under another name.
#include "ops/contrib/fused_products.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  WEBINFER_ASSIGN(const ValueId product, AddFusedMatMul(ctx));
  ctx.Return(0, product);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_FusedMatMul) {
  return {.name = "FusedMatMul", .domain = "com.microsoft", .min_inputs = 2, .max_inputs = 2, .lower = webinfer::ops::Lower};
}
