// Index tuples of GatherND and ScatterND: the last dimension of the indices names a block of the data.
#pragma once

#include "ops/array/move.h"

namespace webinfer::ops {

struct NdParams {
  int64_t tuples;      // index tuples in all
  int64_t per_batch;   // tuples of one batch entry
  int64_t batch_size;  // data elements of one batch entry
  int64_t block;       // data elements one tuple names
  int32_t depth;       // numbers in a tuple
  int32_t first_axis;  // the data's axis that the first number indexes
  int32_t reduction;   // ScatterND
  int64_t dims[kMaxRank], strides[kMaxRank];
};

// indices [..., depth] into `data` behind `batch` leading axes; shapes are known and were checked.
inline void FillNd(const Shape& data, const Shape& indices, int batch, NdParams* params) {
  const int rank = indices.rank();
  params->depth = static_cast<int32_t>(indices[rank - 1]);
  params->tuples = indices.Elements(0, rank - 1);
  params->per_batch = indices.Elements(batch, rank - 1);
  params->batch_size = data.Elements(batch, data.rank());
  params->block = data.Elements(batch + params->depth, data.rank());
  params->first_axis = batch;
  const Strides strides(data);
  for (int i = 0; i < params->depth; ++i) {
    params->dims[i] = data[batch + i];
    params->strides[i] = strides[batch + i];
  }
}

// The data element where the block of tuple `i` starts.
inline Status PlaceOf(const NdParams& params, const Operand& indices, int64_t i, int64_t* place) {
  *place = params.per_batch == 0 ? 0 : i / params.per_batch * params.batch_size;
  for (int k = 0; k < params.depth; ++k) {
    const int64_t given = IndexAt(indices.data, indices.dtype, i * params.depth + k);
    const int64_t entry = given < 0 ? given + params.dims[k] : given;
    if (entry < 0 || entry >= params.dims[k]) return IndexError(given, params.dims[k], params.first_axis + k);
    *place += entry * params.strides[k];
  }
  return OkStatus();
}

}  // namespace webinfer::ops
