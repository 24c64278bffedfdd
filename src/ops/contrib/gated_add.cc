// GatedAdd: X + Y gate.
#include "ops/contrib/compose.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  ctx.Return(0, ctx.Add("Add", {ctx.Input(0), ctx.Add("Mul", {ctx.Input(1), ctx.Input(2)})}));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_GatedAdd) {
  return {.name = "GatedAdd", .domain = "com.microsoft", .min_inputs = 3, .max_inputs = 3, .lower = webinfer::ops::Lower};
}
