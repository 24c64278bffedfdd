// SampleOp: the identity.
#include "ops/contrib/compose.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  ctx.Return(0, ctx.Input(0));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_SampleOp) {
  return {.name = "SampleOp", .domain = "com.microsoft", .min_inputs = 1, .max_inputs = 1, .lower = webinfer::ops::Lower};
}
