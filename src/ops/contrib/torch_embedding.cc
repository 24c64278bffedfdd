// TorchEmbedding: the rows of a table that the indices name; padding and gradient scaling matter only in training.
#include "ops/contrib/compose.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  ctx.Return(0, ctx.Add("Gather", {ctx.Input(0), ctx.Input(1)}));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_TorchEmbedding) {
  return {.name = "TorchEmbedding", .domain = "com.microsoft", .min_inputs = 2, .max_inputs = 4, .lower = webinfer::ops::Lower};
}
