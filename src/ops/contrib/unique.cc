// com.microsoft.Unique: the distinct elements of a list in order of appearance, where each element of it went, and counts.
#include "ops/op.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  const std::vector<ValueId> results = ctx.AddMany("Unique", {ctx.Input(0)}, 4);
  ctx.Last().attributes.SetInt("sorted", 0);
  ctx.Return(0, results[0]);
  ctx.Return(1, results[2]);
  ctx.Return(2, results[3]);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_Unique) {
  return {.name = "Unique", .domain = "com.microsoft", .max_outputs = 3, .lower = webinfer::ops::Lower};
}
