// DynamicSlice (experimental, in models of 2017 to 2019): Slice, from before its bounds were inputs.
#include "ops/op.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  ctx.Return(0, ctx.Add("Slice", {ctx.Input(0), ctx.Input(1), ctx.Input(2), ctx.HasInput(3) ? ctx.Input(3) : kNoValue}));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(DynamicSlice) { return {.name = "DynamicSlice", .min_inputs = 3, .max_inputs = 4, .lower = webinfer::ops::Lower}; }
