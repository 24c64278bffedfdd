// webinfer.IntegerAdd(a, b, a_scale, a_zero?, b_scale, b_zero?, y_scale, y_zero?): the sum of two quantised tensors of one shape,
// quantised, within [low, high] (attributes, counted from the least byte). What DequantizeLinear, Add and QuantizeLinear give.
#include "kernels/int8_elementwise.h"
#include "ops/op.h"

namespace webinfer::ops {
namespace {

enum Input : int { kA, kB, kAScale, kAZero, kBScale, kBZero, kYScale, kYZero, kInputs };
constexpr int64_t kParallelWork = 1 << 16;

struct IntegerAdd {
  int low, high;
};

Status Infer(InferContext& ctx) {
  return ctx.SetOutput(0, ctx.HasInput(kYZero) ? ctx.In(kYZero).dtype : DType::kUint8, ctx.In(kA).shape);
}

kernels::ByteScale ScaleOf(const Step& step, DType dtype, int scale, int zero) {
  kernels::ByteScale result{*step.in[scale].As<float>(), 0, dtype == DType::kInt8};
  if (step.HasInput(zero)) result.zero_point = result.is_signed ? *step.in[zero].As<int8_t>() : *step.in[zero].As<uint8_t>();
  return result;
}

Status Run(const Step& step, RunContext& run) {
  const auto& p = step.Params<IntegerAdd>();
  const kernels::ByteScale a = ScaleOf(step, step.in[kA].dtype, kAScale, kAZero),
                           b = ScaleOf(step, step.in[kB].dtype, kBScale, kBZero),
                           y = ScaleOf(step, step.out[0].dtype, kYScale, kYZero);
  const int64_t count = step.out[0].elements();
  const int tasks = count < kParallelWork || run.pool().size() == 1 ? 1 : 4 * run.pool().size();
  run.pool().ParallelFor(tasks, [&](int task, int) {
    const int64_t first = count / tasks * task, last = task + 1 == tasks ? count : count / tasks * (task + 1);
    kernels::AddBytes(step.in[kA].As<uint8_t>() + first, a, step.in[kB].As<uint8_t>() + first, b,
                      static_cast<size_t>(last - first), y, p.low, p.high, step.out[0].As<uint8_t>() + first);
  });
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  if (ctx.In(kA).shape != ctx.In(kB).shape) {
    return Error(Code::kShapeMismatch, "IntegerAdd takes two tensors of one shape")
        .Expected("%s", ShapeText(ctx.In(kA).shape).text)
        .Actual("%s", ShapeText(ctx.In(kB).shape).text);
  }
  WEBINFER_ASSIGN(IntegerAdd * p, ctx.Params<IntegerAdd>());
  p->low = static_cast<int>(ctx.attributes().Int("low", 0));
  p->high = static_cast<int>(ctx.attributes().Int("high", 255));
  ctx.MayShare(0, kA);
  ctx.MayShare(0, kB);
  ctx.SetKernel(Run);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(webinfer_IntegerAdd) {
  using namespace webinfer;
  return {.name = "IntegerAdd",
          .domain = "webinfer",
          .min_inputs = 7,
          .max_inputs = ops::kInputs,
          .infer = ops::Infer,
          .bind = ops::Bind};
}
