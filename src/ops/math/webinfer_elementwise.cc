// webinfer.Elementwise: several elementwise operators as one program, made by passes/fuse_elementwise.cc.
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  WEBINFER_ASSIGN(const Shape shape, BroadcastInputs(ctx));
  return ctx.SetOutput(0, static_cast<DType>(ctx.attributes().Int("output", 0)), shape);
}

Status Bind(BindContext& ctx) {
  ScalarProgram program;
  WEBINFER_TRY(ReadProgram(ctx.attributes(), &program));
  uint8_t inputs[ScalarProgram::kMostInputs];
  program.input_count = static_cast<uint8_t>(ctx.input_count());
  for (uint8_t i = 0; i < program.input_count; ++i) {
    inputs[i] = i;
    program.inputs[i] = ctx.In(i).dtype;
  }
  return BindProgram(ctx, program, {inputs, program.input_count});
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Webinfer_Elementwise) {
  using namespace webinfer;
  return {.name = "Elementwise",
          .domain = "webinfer",
          .min_inputs = 1,
          .max_inputs = ScalarProgram::kMostInputs,
          .infer = ops::Infer,
          .bind = ops::Bind,
          .layout = Layout::kElementwise};
}
