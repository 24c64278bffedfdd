// DynamicQuantizeLinear: to uint8 with a scale and zero point taken from the data's range, which is made to hold 0.
#include "kernels/int8_elementwise.h"
#include "kernels/quantize.h"
#include "ops/op.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  WEBINFER_TRY(ctx.SetOutput(0, DType::kUint8, ctx.In(0).shape));
  WEBINFER_TRY(ctx.SetOutput(1, DType::kFloat32, Shape()));
  return ctx.SetOutput(2, DType::kUint8, Shape());
}

Status Run(const Step& step, RunContext& run) {
  const Operand& x = step.in[0];
  const int64_t count = x.elements();
  const float* values = x.As<float>();
  const kernels::ByteScale found = kernels::UnsignedScale(kernels::RangeWithZero(values, static_cast<size_t>(count)));
  const float scale = found.scale;
  const auto zero = static_cast<uint8_t>(found.zero_point);
  if (step.HasOutput(1)) *step.out[1].As<float>() = scale;
  if (step.HasOutput(2)) *step.out[2].As<uint8_t>() = zero;
  kernels::Quantization q;
  q.view = {1, 1, count};
  kernels::Quantize(q, {x.dtype, x.data}, {DType::kFloat32, &scale}, {DType::kUint8, &zero}, {DType::kUint8, step.out[0].data},
                    run.pool());
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  if (ctx.In(0).dtype != DType::kFloat32) {
    return Error(Code::kTypeMismatch, "DynamicQuantizeLinear takes float32").Actual("%s", DTypeName(ctx.In(0).dtype));
  }
  ctx.SetKernel(Run);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(DynamicQuantizeLinear) {
  using namespace webinfer;
  return {
      .name = "DynamicQuantizeLinear", .since = 11, .min_outputs = 3, .max_outputs = 3, .infer = ops::Infer, .bind = ops::Bind};
}
