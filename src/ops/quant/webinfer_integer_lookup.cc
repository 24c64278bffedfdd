// webinfer.IntegerLookup(x, table): table[x] for each byte of x, whatever its type; the table has 256 entries of the result's
// type. Any function of one quantised value: what DequantizeLinear, an elementwise operator and QuantizeLinear give.
#include "kernels/int8_elementwise.h"
#include "ops/op.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) { return ctx.SetOutput(0, ctx.In(1).dtype, ctx.In(0).shape); }

Status Run(const Step& step, RunContext&) {
  kernels::LookUpBytes(step.in[0].As<uint8_t>(), static_cast<size_t>(step.in[0].elements()), step.in[1].As<uint8_t>(),
                       step.out[0].As<uint8_t>());
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  if (ctx.In(1).shape.Elements() != 256) {
    return Error(Code::kShapeMismatch, "IntegerLookup's table")
        .Expected("256 entries")
        .Actual("%s", ShapeText(ctx.In(1).shape).text);
  }
  ctx.MayShare(0, 0);
  ctx.SetKernel(Run);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(webinfer_IntegerLookup) {
  using namespace webinfer;
  return {
      .name = "IntegerLookup", .domain = "webinfer", .min_inputs = 2, .max_inputs = 2, .infer = ops::Infer, .bind = ops::Bind};
}
