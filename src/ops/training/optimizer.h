// What the optimizers of ai.onnx.preview.training share. Inputs: learning rate, step count, then the parameters, their
// gradients and each kind of state in groups of equal size; outputs: the parameters and states after the step.
#pragma once

#include <initializer_list>

#include "ops/op.h"

namespace webinfer::ops {

// Lowers arithmetic on float tensors: in float64 if an input has that type, else in float32.
class Optimizer {
 public:
  Optimizer(LowerContext& ctx, int groups);

  int count() const { return count_; }  // of parameters
  ValueId Rate() { return As(ctx_.Input(0), ctx_.In(0).dtype, dtype_); }
  // Member i of input group `group` (0: parameters, 1: gradients, 2...: states).
  ValueId In(int group, int i) {
    const int at = 2 + group * count_ + i;
    return As(ctx_.Input(at), ctx_.In(at).dtype, dtype_);
  }
  void Return(int group, int i, ValueId value) { ctx_.Return(group * count_ + i, As(value, dtype_, ctx_.In(2 + i).dtype)); }

  ValueId Add(ValueId a, ValueId b) { return ctx_.Add("Add", {a, b}); }
  ValueId Sub(ValueId a, ValueId b) { return ctx_.Add("Sub", {a, b}); }
  ValueId Mul(ValueId a, ValueId b) { return ctx_.Add("Mul", {a, b}); }
  ValueId Div(ValueId a, ValueId b) { return ctx_.Add("Div", {a, b}); }
  ValueId Sqrt(ValueId a) { return ctx_.Add("Sqrt", {a}); }
  ValueId Pow(ValueId a, ValueId b) { return ctx_.Add("Pow", {a, b}); }
  Result<ValueId> Number(double value) { return ctx_.Scalar(dtype_, value); }
  Result<ValueId> Attribute(const char* name, float otherwise) { return Number(ctx_.attributes().Float(name, otherwise)); }
  // The step count as a float, and `later` if it is above 0, else `first`.
  ValueId StepCount();
  Result<ValueId> AfterFirst(ValueId later, ValueId first);
  // The gradient of parameter i with the L2 penalty `norm_coefficient`.
  Result<ValueId> Gradient(int i);

 private:
  ValueId As(ValueId value, DType from, DType to);

  LowerContext& ctx_;
  DType dtype_ = DType::kFloat32;
  int count_;
};

}  // namespace webinfer::ops
