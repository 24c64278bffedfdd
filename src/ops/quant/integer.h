// The internal contractions of 8-bit integers (domain "webinfer") behind MatMulInteger, ConvInteger, QLinearMatMul, QLinearConv
// and what the quantisation pass makes of float operators between DequantizeLinear and QuantizeLinear.
//
//   IntegerMatMul(a, b, a_scale?, a_zero?, b_scale?, b_zero?, y_scale?, y_zero?, bias?)   attribute transB
//   IntegerConv(x, w, ...)                                                               x and y channels-last; Conv's attributes
//
// Bytes of either sign; scales and zero points of x are single numbers, those of the weights single or one per output column.
// What is there decides the output:
//   no scales         int32: the sum of (x - x_zero) (w - w_zero), plus an int32 bias
//   no y_scale        float32: x_scale w_scale sum, plus a float32 bias, then an activation (ops/nn/fused.h)
//   all of them       y_zero's type: round(x_scale w_scale / y_scale (sum + int32 bias)) + y_zero, within [low, high]
//   (attributes,
//                     counted from the type's least value; default all of it)
#pragma once

#include "kernels/int8_gemm.h"
#include "ops/op.h"

namespace webinfer::ops {

enum IntegerInput : int { kX, kW, kXScale, kXZero, kWScale, kWZero, kYScale, kYZero, kIntegerBias, kIntegerInputs };

DType IntegerOutputType(const InferContext& ctx);

// What the operands say, apart from their shapes.
struct IntegerOperands {
  bool x_signed, w_signed;
  bool w_zero_per_column;
  bool scale_per_column;
  kernels::Int8Output output;
};
Status ReadIntegerOperands(const InferContext& ctx, int64_t columns, IntegerOperands* operands);

// The output of a run. Scales are multiplied into `scales`, which has room for one float per column.
kernels::Int8Output IntegerOutputOf(const Step& step, const IntegerOperands& operands, int columns, float* scales);
int IntegerZeroOf(const Step& step, IntegerInput input);

Status InferIntegerMatMul(InferContext& ctx);
Status BindIntegerMatMul(BindContext& ctx);
Status PrepareIntegerMatMul(PrepareContext& ctx);

Status InferIntegerConv(InferContext& ctx);
Status BindIntegerConv(BindContext& ctx);
Status PrepareIntegerConv(PrepareContext& ctx);

}  // namespace webinfer::ops
