// What Gather and GatherBlockQuantized share: the shape of what is gathered.
#pragma once

#include "ops/array/move.h"

namespace webinfer::ops {

// `data` with its axis replaced by the axes of `indices`; both ranks are known.
inline Result<Shape> GatheredShape(const Shape& data, int axis, const Shape& indices) {
  if (data.rank() - 1 + indices.rank() > kMaxRank) {
    return Error(Code::kUnsupported, "A tensor has too many dimensions").Expected("rank <= %d", kMaxRank);
  }
  Shape out;
  for (int i = 0; i < axis; ++i) out.Append(data[i]);
  for (int64_t dim : indices) out.Append(dim);
  for (int i = axis + 1; i < data.rank(); ++i) out.Append(data[i]);
  return out;
}

}  // namespace webinfer::ops
