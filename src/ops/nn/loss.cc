#include "ops/nn/loss.h"

namespace webinfer::ops {

Status InferLoss(InferContext& ctx) {
  const bool each = ctx.attributes().String("reduction", "mean") == "none";
  return ctx.SetOutput(0, ctx.In(0).dtype, each ? ctx.In(1).shape : Shape());
}

namespace {

ValueId ReduceAll(LowerContext& ctx, const char* op, ValueId value) {
  const ValueId result = ctx.Add(op, {value});
  ctx.Last().attributes.SetInt("keepdims", 0);
  return result;
}

// The weight of each target, or kNoValue if all count alike; `*target` loses the classes that are ignored.
Result<ValueId> TargetWeights(LowerContext& ctx, ValueId* target) {
  const DType index = ctx.In(1).dtype, dtype = ctx.In(0).dtype;
  const bool weighted = ctx.HasInput(2), ignores = ctx.attributes().Has("ignore_index");
  ValueId ignored = kNoValue;
  if (ignores) {
    WEBINFER_ASSIGN(const ValueId ignore, ctx.Scalar(index, static_cast<double>(ctx.attributes().Int("ignore_index", 0))));
    WEBINFER_ASSIGN(const ValueId first_class, ctx.Scalar(index, 0));
    ignored = ctx.Add("Equal", {*target, ignore});
    *target = ctx.Add("Where", {ignored, first_class, *target});
  }
  ValueId weights = weighted ? ctx.Add("Gather", {ctx.Input(2), *target}) : kNoValue;
  if (!ignores) return weights;
  WEBINFER_ASSIGN(const ValueId zero, ctx.Scalar(dtype, 0));
  WEBINFER_ASSIGN(const ValueId one, ctx.Scalar(dtype, 1));
  return ctx.Add("Where", {ignored, zero, weighted ? weights : one});
}

}  // namespace

Status LowerLikelihood(LowerContext& ctx, ValueId log_probabilities) {
  ValueId target = ctx.Input(1);
  WEBINFER_ASSIGN(const ValueId weights, TargetWeights(ctx, &target));
  WEBINFER_ASSIGN(const ValueId axis, ctx.Ints({1}));
  const ValueId picked = ctx.Add("GatherElements", {log_probabilities, ctx.Add("Unsqueeze", {target, axis})});
  ctx.Last().attributes.SetInt("axis", 1);
  ValueId loss = ctx.Add("Neg", {ctx.Add("Squeeze", {picked, axis})});
  if (weights != kNoValue) loss = ctx.Add("Mul", {loss, weights});
  const std::string_view reduction = ctx.attributes().String("reduction", "mean");
  if (reduction == "sum") {
    loss = ReduceAll(ctx, "ReduceSum", loss);
  } else if (reduction == "mean" && weights == kNoValue) {
    loss = ReduceAll(ctx, "ReduceMean", loss);
  } else if (reduction == "mean") {
    loss = ctx.Add("Div", {ReduceAll(ctx, "ReduceSum", loss), ReduceAll(ctx, "ReduceSum", weights)});
  }
  ctx.Return(0, loss);
  return OkStatus();
}

}  // namespace webinfer::ops
