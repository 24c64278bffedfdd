// IsAllFinite: whether no element of any input is infinite or NaN (or only one of the two kinds).
#include "ops/contrib/compose.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  const bool nan_only = ctx.attributes().Int("isnan_only", 0) != 0, inf_only = ctx.attributes().Int("isinf_only", 0) != 0;
  if (nan_only && inf_only) return Error(Code::kInvalidModel, "IsAllFinite has both isnan_only and isinf_only");
  std::vector<ValueId> largest;
  for (int i = 0; i < ctx.input_count(); ++i) {
    ValueId bad = ctx.Add(nan_only ? "IsNaN" : "IsInf", {ctx.Input(i)});
    if (!nan_only && !inf_only) bad = ctx.Add("Or", {bad, ctx.Add("IsNaN", {ctx.Input(i)})});
    largest.push_back(ctx.Add("ReduceMax", {CastTo(ctx, bad, DType::kInt32)}));
    ctx.Last().attributes.SetInt("keepdims", 0);
  }
  const ValueId any = largest.size() == 1 ? largest[0] : ctx.Add("Max", std::move(largest));
  ctx.Return(0, ctx.Add("Not", {CastTo(ctx, any, DType::kBool)}));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_IsAllFinite) {
  return {.name = "IsAllFinite", .domain = "com.microsoft", .min_inputs = 1, .max_inputs = -1, .lower = webinfer::ops::Lower};
}
