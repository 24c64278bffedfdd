// com.microsoft.TransposeMatMul: the old name of FusedMatMul.
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

WEBINFER_OP(Microsoft_TransposeMatMul) {
  return {.name = "TransposeMatMul", .domain = "com.microsoft", .min_inputs = 2, .max_inputs = 2, .lower = webinfer::ops::Lower};
}
