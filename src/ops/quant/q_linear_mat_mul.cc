// QLinearMatMul (ONNX 21): the product of quantised matrices, quantised.
#include "ops/nn/matrix_shape.h"
#include "ops/quant/integer.h"
#include "ops/quant/qlinear.h"

namespace webinfer::ops {
namespace {

// a, a_scale, a_zero_point, b, b_scale, b_zero_point, y_scale, y_zero_point
Status Infer(InferContext& ctx) {
  WEBINFER_ASSIGN(const Shape out, ProductShape(ctx.In(0).shape, false, ctx.In(3).shape, false));
  return ctx.SetOutput(0, ctx.In(7).dtype, out);
}

bool IsFloat8(DType dtype) { return IsFloat(dtype) && DTypeBits(dtype) == 8; }

Status Lower(LowerContext& ctx, bool*) {
  if (IsFloat8(ctx.In(0).dtype) || IsFloat8(ctx.In(3).dtype) || IsFloat8(ctx.In(7).dtype)) {
    return ReturnQuantized(ctx, ctx.Add("MatMul", {Dequantized(ctx, 0), Dequantized(ctx, 3)}), 6);
  }
  ctx.Return(
      0, ctx.Add("IntegerMatMul",
                 {ctx.Input(0), ctx.Input(3), ctx.Input(1), ctx.Input(2), ctx.Input(4), ctx.Input(5), ctx.Input(6), ctx.Input(7)},
                 "webinfer"));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(QLinearMatMul) {
  using namespace webinfer;
  return {.name = "QLinearMatMul", .since = 21, .min_inputs = 8, .max_inputs = 8, .infer = ops::Infer, .lower = ops::Lower};
}
