// Work along one axis of a tensor seen as [outer, length, inner]: where the extreme element is, running sums and products.
#pragma once

#include <cstdint>

#include "base/dtype.h"
#include "base/thread_pool.h"

namespace webinfer::kernels {

struct AxisView {
  int64_t outer, length, inner;
};

// The index along the axis of the largest (or smallest) element; of equal ones the first or the last. A NaN is the extreme.
// `out` has outer x inner elements. length >= 1.
void ArgExtreme(DType dtype, const void* input, const AxisView& view, bool largest, bool last, int64_t* out, ThreadPool& pool);

struct CumulativeOptions {
  bool product = false;
  bool exclusive = false;  // leave the element itself out
  bool reverse = false;    // from the end
};
// Computed in ScalarTypeOf(dtype), stored in `dtype`.
void Cumulate(DType dtype, const void* input, const AxisView& view, const CumulativeOptions& options, void* out);

}  // namespace webinfer::kernels
