// SequenceMap: runs its body on each element of a sequence (and of further sequences, or with whole tensors), and collects
// each of the body's results in a sequence.
#include "ops/control/body.h"
#include "ops/evaluate.h"

namespace webinfer::ops {
namespace {

struct MapParams {
  int32_t body, formal_inputs;
};

Status Infer(InferContext& ctx) {
  WEBINFER_ASSIGN(const int body, BodyOf(ctx.node(), "body"));
  WEBINFER_TRY(ExpectBody(ctx.node(), body, FormalInputs(ctx.node()), ctx.output_count()));
  for (int i = 0; i < ctx.output_count(); ++i) {
    ValueType type = BodyOutput(ctx.node(), body, i);
    type.kind = ValueKind::kSequence;
    SetOutputType(ctx, i, type);
  }
  return OkStatus();
}

Status Kernel(const Step& step, RunContext& run) {
  const auto& params = step.Params<MapParams>();
  if (step.in[0].kind != ValueKind::kSequence)
    return Error(Code::kTypeMismatch, "The first input of SequenceMap is not a sequence");
  const size_t count = step.in[0].value->elements.size();
  for (int i = 1; i < params.formal_inputs; ++i) {
    if (step.in[i].kind != ValueKind::kSequence || step.in[i].value->elements.size() == count) continue;
    return Error(Code::kShapeMismatch, "The sequences of SequenceMap differ in length")
        .Expected("%zu elements", count)
        .Actual("%zu", step.in[i].value->elements.size());
  }
  for (int i = 0; i < step.output_count; ++i) {
    if (!step.out[i].present) continue;
    step.out[i].value->kind = ValueKind::kSequence;
    step.out[i].value->elements.resize(count);
  }
  std::vector<Operand> inputs(step.in, step.in + step.input_count);
  for (size_t element = 0; element < count; ++element) {
    for (int i = 0; i < params.formal_inputs; ++i) {
      if (step.in[i].kind == ValueKind::kSequence)
        inputs[static_cast<size_t>(i)] = OperandOf(step.in[i].value->elements[element]);
    }
    std::span<const Operand> outputs;
    WEBINFER_TRY(run.bodies().RunBody(*step.node, params.body, inputs, &outputs));
    for (int i = 0; i < step.output_count; ++i) {
      if (!step.out[i].present) continue;
      WEBINFER_TRY(step.out[i].value->elements[element].CopyFrom(outputs[static_cast<size_t>(i)].view()));
    }
  }
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  WEBINFER_ASSIGN(MapParams * params, ctx.Params<MapParams>());
  WEBINFER_ASSIGN(params->body, BodyOf(ctx.node(), "body"));
  params->formal_inputs = FormalInputs(ctx.node());
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(SequenceMap) {
  return {.name = "SequenceMap",
          .since = 17,
          .min_inputs = 1,
          .max_inputs = -1,
          .min_outputs = 1,
          .max_outputs = -1,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
