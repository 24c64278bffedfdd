// SparseToDenseMatMul: the product of a sparse matrix, which is a dense one here (sparse initializers are), and a dense one.
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

WEBINFER_OP(Microsoft_SparseToDenseMatMul) {
  return {
      .name = "SparseToDenseMatMul", .domain = "com.microsoft", .min_inputs = 2, .max_inputs = 2, .lower = webinfer::ops::Lower};
}
