// Walks an index tensor in row-major order for GatherElements and ScatterElements: with each index comes the place it names
// in a data tensor of the same rank whose `axis` is indexed.
#pragma once

#include "ops/array/move.h"

namespace webinfer::ops {

struct AlongParams {
  int32_t axis, rank;
  int64_t dim;  // of the data's axis
  int64_t index_dims[kMaxRank];
  int64_t data_strides[kMaxRank];  // elements
  int32_t reduction;               // ScatterElements
};

inline Status FillAlong(const InferContext& ctx, AlongParams* params) {
  const Shape &data = ctx.In(0).shape, &indices = ctx.In(1).shape;
  WEBINFER_ASSIGN(params->axis, AxisAttribute(ctx, 0, 0));
  params->rank = data.rank();
  params->dim = data[params->axis];
  const Strides strides(data);
  for (int i = 0; i < data.rank(); ++i) {
    params->index_dims[i] = indices[i];
    params->data_strides[i] = strides[i];
  }
  return OkStatus();
}

// indices: the data's rank, and no larger than the data outside of the axis.
inline Status CheckAlong(const InferContext& ctx) {
  const Shape &data = ctx.In(0).shape, &indices = ctx.In(1).shape;
  WEBINFER_TRY(ExpectIndexType(ctx, 1));
  if (!data.rank_known() || !indices.rank_known()) return OkStatus();
  WEBINFER_ASSIGN(const int axis, AxisAttribute(ctx, 0, 0));
  bool fits = data.rank() == indices.rank() && data.rank() > 0;
  for (int i = 0; fits && i < data.rank(); ++i) fits = i == axis || data[i] < 0 || indices[i] <= data[i];
  if (fits) return OkStatus();
  return Error(Code::kShapeMismatch, "The indices do not fit the data")
      .Expected("the rank of %s and no larger outside of axis %d", ShapeText(data).text, axis)
      .Actual("%s", ShapeText(indices).text);
}

// f(i, place): element i of the index tensor names element `place` of the data.
template <typename F>
Status ForEachAlong(const AlongParams& params, const Operand& indices, const F& f) {
  const int64_t count = indices.elements();
  if (count == 0) return OkStatus();
  const int last = params.rank - 1;
  int64_t index[kMaxRank] = {};
  int64_t base = 0;  // of the current row, without the axis
  for (int64_t i = 0; i < count;) {
    const int64_t row_stride = last == params.axis ? 0 : params.data_strides[last];
    for (int64_t k = 0; k < params.index_dims[last]; ++k, ++i) {
      const int64_t given = IndexAt(indices.data, indices.dtype, i);
      const int64_t entry = given < 0 ? given + params.dim : given;
      if (entry < 0 || entry >= params.dim) return IndexError(given, params.dim, params.axis);
      f(i, base + k * row_stride + entry * params.data_strides[params.axis]);
    }
    for (int axis = last - 1; axis >= 0; --axis) {
      const int64_t stride = axis == params.axis ? 0 : params.data_strides[axis];
      base += stride;
      if (++index[axis] < params.index_dims[axis]) break;
      base -= stride * params.index_dims[axis];
      index[axis] = 0;
    }
  }
  return OkStatus();
}

}  // namespace webinfer::ops
