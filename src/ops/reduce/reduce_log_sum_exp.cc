// ReduceLogSumExp: m + log(sum(exp(x - m))) with m the largest element (0 where that is infinite), so that nothing overflows.
#include "ops/reduce/reduce.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  const DType dtype = ctx.In(0).dtype;
  const ValueId x = ctx.Input(0), axes = ctx.Input(1);
  const auto reduce = [&](const char* op, ValueId in) {
    const ValueId result = ctx.Add(op, axes == kNoValue ? std::vector<ValueId>{in} : std::vector<ValueId>{in, axes});
    ctx.Last().attributes = ctx.attributes();
    ctx.Last().attributes.SetInt("keepdims", 1);
    return result;
  };
  WEBINFER_ASSIGN(const ValueId zero, ctx.Scalar(dtype, 0));
  const ValueId largest = reduce("ReduceMax", x);
  const ValueId shift = ctx.Add("Where", {ctx.Add("IsInf", {largest}), zero, largest});
  const ValueId sum = reduce("ReduceSum", ctx.Add("Exp", {ctx.Add("Sub", {x, shift})}));
  ValueId result = ctx.Add("Add", {ctx.Add("Log", {sum}), shift});
  if (ctx.attributes().Int("keepdims", 1) == 0) {
    // The size-1 axes go: reducing by a sum over one element is the same as squeezing and knows the rules for axes.
    result = ctx.Add("ReduceSum", axes == kNoValue ? std::vector<ValueId>{result} : std::vector<ValueId>{result, axes});
    ctx.Last().attributes = ctx.attributes();
  }
  ctx.Return(0, result);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(ReduceLogSumExp) {
  using namespace webinfer;
  return {.name = "ReduceLogSumExp",
          .since = 18,
          .max_inputs = 2,
          .infer = ops::InferReduce,
          .lower = ops::Lower,
          .layout = Layout::kAxes};
}
