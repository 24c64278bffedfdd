// What the Reduce* operators share: `axes` as the second input (or, in old models, an attribute), `keepdims`,
// `noop_with_empty_axes`, and the kernel (kernels/reduce.h).
#pragma once

#include "kernels/reduce.h"
#include "ops/op.h"

namespace webinfer::ops {

// Which axes of input 0 go away.
struct ReducedAxes {
  bool known = false;  // false: they depend on elements that are not known yet
  bool reduced[kMaxRank] = {};
};

// `rank` is input 0's. Asks for the axes' elements (NeedValue) where they are missing.
Status ReadReducedAxes(InferContext& ctx, int rank, ReducedAxes* axes);

// Input 0's type and what the axes leave of its shape.
Status InferReduce(InferContext& ctx);
Status BindReduction(BindContext& ctx, kernels::Reduction reduction);

template <kernels::Map map, kernels::Combine combine, kernels::Finish finish = kernels::Finish::kNone>
Status BindReduce(BindContext& ctx) {
  return BindReduction(ctx, {map, combine, finish});
}

}  // namespace webinfer::ops
