// MatMulInteger (ONNX 10): the product of 8-bit matrices in 32 bits.
#include "ops/nn/matrix_shape.h"
#include "ops/quant/integer.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  WEBINFER_ASSIGN(const Shape out, ProductShape(ctx.In(0).shape, false, ctx.In(1).shape, false));
  return ctx.SetOutput(0, DType::kInt32, out);
}

Status Lower(LowerContext& ctx, bool*) {
  ctx.Return(0,
             ctx.Add("IntegerMatMul", {ctx.Input(0), ctx.Input(1), kNoValue, ctx.Input(2), kNoValue, ctx.Input(3)}, "webinfer"));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(MatMulInteger) {
  using namespace webinfer;
  return {.name = "MatMulInteger", .since = 10, .min_inputs = 2, .max_inputs = 4, .infer = ops::Infer, .lower = ops::Lower};
}
