// RestorePadding: tokens [count, size] back at their places in [batch, length, size], zeros elsewhere.
#include "ops/contrib/padding.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  WEBINFER_ASSIGN(const ValueId padded, WithPadding(ctx, ctx.Input(0), ctx.Input(1)));
  ctx.Return(0, padded);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_RestorePadding) {
  return {.name = "RestorePadding", .domain = "com.microsoft", .min_inputs = 2, .max_inputs = 2, .lower = webinfer::ops::Lower};
}
