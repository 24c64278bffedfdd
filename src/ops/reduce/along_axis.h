// Operators that work along one axis given by attribute `axis`.
#pragma once

#include "kernels/scan.h"
#include "ops/op.h"

namespace webinfer::ops {

// `shape` seen as [outer, length, inner] around `axis`.
inline kernels::AxisView ViewAround(const Shape& shape, int axis) {
  return {shape.Elements(0, axis), shape[axis], shape.Elements(axis + 1, shape.rank())};
}

// ArgMax and ArgMin: int64 indices along `axis` (default 0).
Status InferArgExtreme(InferContext& ctx);
Status BindArgMax(BindContext& ctx);
Status BindArgMin(BindContext& ctx);

// CumSum and CumProd: the axis is the second input, read when the operator runs.
Status InferCumulative(InferContext& ctx);
Status RunCumSum(const Step& step, RunContext& run);
Status RunCumProd(const Step& step, RunContext& run);

}  // namespace webinfer::ops
