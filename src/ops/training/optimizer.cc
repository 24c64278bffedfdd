#include "ops/training/optimizer.h"

namespace webinfer::ops {

ValueId Optimizer::StepCount() {
  const ValueId count = ctx_.Add("Cast", {ctx_.Input(1)});
  ctx_.Last().attributes.SetInt("to", static_cast<int64_t>(DType::kFloat32));
  return count;
}

Result<ValueId> Optimizer::AfterFirst(ValueId later, ValueId first) {
  WEBINFER_ASSIGN(const ValueId zero, ctx_.Scalar(ctx_.In(1).dtype, 0));
  return ctx_.Add("Where", {ctx_.Add("Greater", {ctx_.Input(1), zero}), later, first});
}

Result<ValueId> Optimizer::Gradient(int i) {
  WEBINFER_ASSIGN(const ValueId penalty, Attribute("norm_coefficient", 0));
  return Add(Mul(penalty, In(0, i)), In(1, i));
}

}  // namespace webinfer::ops
