#include "ops/training/optimizer.h"

namespace webinfer::ops {

Optimizer::Optimizer(LowerContext& ctx, int groups) : ctx_(ctx), count_((ctx.input_count() - 2) / groups) {
  for (const ValueInfo& in : ctx.ins()) {
    if (in.dtype == DType::kFloat64) dtype_ = DType::kFloat64;
  }
}

ValueId Optimizer::As(ValueId value, DType from, DType to) {
  if (from == to) return value;
  const ValueId result = ctx_.Add("Cast", {value});
  ctx_.Last().attributes.SetInt("to", static_cast<int64_t>(to));
  return result;
}

ValueId Optimizer::StepCount() { return As(ctx_.Input(1), ctx_.In(1).dtype, dtype_); }

Result<ValueId> Optimizer::AfterFirst(ValueId later, ValueId first) {
  WEBINFER_ASSIGN(const ValueId zero, ctx_.Scalar(ctx_.In(1).dtype, 0));
  return ctx_.Add("Where", {ctx_.Add("Greater", {ctx_.Input(1), zero}), later, first});
}

Result<ValueId> Optimizer::Gradient(int i) {
  WEBINFER_ASSIGN(const ValueId penalty, Attribute("norm_coefficient", 0));
  return Add(Mul(penalty, In(0, i)), In(1, i));
}

}  // namespace webinfer::ops
