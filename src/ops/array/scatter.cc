// Scatter: the old name of ScatterElements.
#include "ops/op.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  const ValueId out = ctx.Add("ScatterElements", {ctx.Input(0), ctx.Input(1), ctx.Input(2)});
  ctx.Last().attributes = ctx.attributes();
  ctx.Return(0, out);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Scatter) { return {.name = "Scatter", .since = 11, .min_inputs = 3, .max_inputs = 3, .lower = webinfer::ops::Lower}; }
