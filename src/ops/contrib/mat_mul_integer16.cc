// MatMulInteger16: the product of 16-bit matrices in 32 bits.
#include "ops/contrib/compose.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  const bool is_signed = ctx.In(0).dtype == DType::kInt16 || ctx.In(1).dtype == DType::kInt16;
  const DType dtype = is_signed ? DType::kInt32 : DType::kUint32;
  const ValueId a = CastTo(ctx, ctx.Input(0), dtype), b = CastTo(ctx, ctx.Input(1), dtype);
  ctx.Return(0, ctx.Add("MatMul", {a, b}));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_MatMulInteger16) {
  return {.name = "MatMulInteger16", .domain = "com.microsoft", .min_inputs = 2, .max_inputs = 2, .lower = webinfer::ops::Lower};
}
