// ComplexMul: a b, complex numbers being pairs along the last axis.
#include "ops/contrib/complex_products.h"

namespace webinfer::ops {

Status LowerComplexProduct(LowerContext& ctx, bool conjugate) {
  ValueId parts[2][2];
  for (int side = 0; side < 2; ++side) {
    for (int part = 0; part < 2; ++part) {
      WEBINFER_ASSIGN(parts[side][part], Sliced(ctx, ctx.Input(side), -1, part, part + 1));
    }
  }
  const auto product = [&](int a, int b) { return ctx.Add("Mul", {parts[0][a], parts[1][b]}); };
  const ValueId real_real = product(0, 0), imaginary_imaginary = product(1, 1);
  const ValueId real_imaginary = product(0, 1), imaginary_real = product(1, 0);
  const ValueId real = ctx.Add(conjugate ? "Add" : "Sub", {real_real, imaginary_imaginary});
  const ValueId imaginary = ctx.Add(conjugate ? "Sub" : "Add", {imaginary_real, real_imaginary});
  ctx.Return(0, Joined(ctx, {real, imaginary}, -1));
  return OkStatus();
}

}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_ComplexMul) {
  using namespace webinfer;
  return {
      .name = "ComplexMul", .domain = "com.microsoft", .min_inputs = 2, .max_inputs = 2, .lower = [](LowerContext& ctx, bool*) {
        return ops::LowerComplexProduct(ctx, false);
      }};
}
