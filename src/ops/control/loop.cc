// Loop: runs its body while a condition holds and a trip count lasts; carries values, whose shapes may change, from one
// iteration to the next, and stacks scan outputs.
#include "ops/control/body.h"

namespace webinfer::ops {
namespace {

struct LoopParams {
  int32_t body, carried, scans;
};

Status Infer(InferContext& ctx) {
  WEBINFER_ASSIGN(const int body, BodyOf(ctx.node(), "body"));
  const int carried = FormalInputs(ctx.node()) - 2;
  const int outputs = static_cast<int>(ctx.node().bodies[static_cast<size_t>(body)]->outputs.size());
  WEBINFER_TRY(ExpectBody(ctx.node(), body, 2 + carried, 1 + carried));
  if (carried < 0 || ctx.output_count() > outputs - 1) {
    return Error(Code::kInvalidModel, "Loop has more outputs than its body")
        .Expected("at most %d", outputs - 1)
        .Actual("%d", ctx.output_count());
  }
  for (int i = 0; i < carried && i < ctx.output_count(); ++i) {
    const ValueType& result = BodyOutput(ctx.node(), body, 1 + i);
    const ValueInfo& initial = ctx.In(2 + i);
    ValueType type = {initial.kind, initial.dtype, initial.shape};
    if (type.dtype == DType::kUndefined) type.dtype = result.dtype;
    // The shape may be another in each iteration unless the body says it never is.
    if (result.shape.rank() != type.shape.rank()) type.shape = Shape::UnknownRank();
    for (int k = 0; k < type.shape.rank(); ++k) {
      if (type.shape[k] != result.shape[k]) type.shape[k] = kUnknownDim;
    }
    SetOutputType(ctx, i, type);
  }
  for (int i = carried; i < ctx.output_count(); ++i) {
    ValueType type = BodyOutput(ctx.node(), body, 1 + i);
    if (type.shape.rank_known() && type.shape.rank() < kMaxRank) {
      type.shape.Insert(0, kUnknownDim);
    } else {
      type.shape = Shape::UnknownRank();
    }
    SetOutputType(ctx, i, type);
  }
  return OkStatus();
}

Operand ScalarOperand(DType dtype, void* data) {
  Operand operand;
  operand.dtype = dtype;
  operand.present = true;
  operand.data = data;
  return operand;
}

Status Kernel(const Step& step, RunContext& run) {
  const auto& params = step.Params<LoopParams>();
  const auto carried_count = static_cast<size_t>(params.carried), scan_count = static_cast<size_t>(params.scans);
  const int64_t trips = step.HasInput(0) && step.in[0].elements() > 0 ? *step.in[0].As<int64_t>() : INT64_MAX;
  bool condition = !step.HasInput(1) || step.in[1].elements() == 0 || *step.in[1].As<bool>();
  int64_t iteration = 0;

  std::vector<CarriedValue> carried(carried_count);
  std::vector<StackedSlices> scans(scan_count);
  std::vector<Operand> inputs = {ScalarOperand(DType::kInt64, &iteration), ScalarOperand(DType::kBool, &condition)};
  for (size_t i = 0; i < carried_count; ++i) {
    carried[i].Borrow(step.in[2 + i]);
    inputs.push_back(step.in[2 + i]);
  }
  for (int i = 2 + params.carried; i < step.input_count; ++i) inputs.push_back(step.in[i]);

  for (; iteration < trips && condition; ++iteration) {
    std::span<const Operand> outputs;
    WEBINFER_TRY(run.bodies().RunBody(*step.node, params.body, inputs, &outputs));
    if (outputs[0].elements() != 1 || outputs[0].dtype != DType::kBool) {
      return Error(Code::kShapeMismatch, "The condition of a Loop is not one bool")
          .Actual("%s", ShapeText(outputs[0].shape).text);
    }
    const bool next = *outputs[0].As<bool>();
    for (size_t i = 0; i < scan_count; ++i) WEBINFER_TRY(scans[i].Append(outputs[1 + carried_count + i]));
    uint64_t moved = 0;
    for (size_t i = 0; i < carried_count; ++i) {
      const bool owned = i < 64 && OwnedByBody(inputs, outputs, 1 + i);
      if (owned)
        moved |= uint64_t{1} << i;
      else
        WEBINFER_TRY(carried[i].Take(outputs[1 + i], false));
    }
    for (size_t i = 0; i < carried_count; ++i) {
      if (i < 64 && (moved >> i & 1) != 0) WEBINFER_TRY(carried[i].Take(outputs[1 + i], true));
      inputs[2 + i] = carried[i].operand();
    }
    condition = next;
  }
  for (size_t i = 0; i < carried_count && i < step.output_count; ++i)
    WEBINFER_TRY(CopyOut(run, step.out[i], carried[i].operand()));
  for (size_t i = 0; i < scan_count && carried_count + i < step.output_count; ++i) {
    const int output = static_cast<int>(carried_count + i);
    WEBINFER_TRY(scans[i].Finish(run, step.out[output], 0, false, BodyOutput(*step.node, params.body, 1 + output)));
  }
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  WEBINFER_ASSIGN(LoopParams * params, ctx.Params<LoopParams>());
  WEBINFER_ASSIGN(params->body, BodyOf(ctx.node(), "body"));
  params->carried = FormalInputs(ctx.node()) - 2;
  params->scans =
      static_cast<int32_t>(ctx.node().bodies[static_cast<size_t>(params->body)]->outputs.size()) - 1 - params->carried;
  for (int i : {0, 1}) {
    const DType wanted = i == 0 ? DType::kInt64 : DType::kBool;
    if (!ctx.HasInput(i) || ctx.In(i).dtype == wanted) continue;
    return Error(Code::kTypeMismatch, "Input %d of Loop has the wrong type", i)
        .Expected("%s", DTypeName(wanted))
        .Actual("%s", DTypeName(ctx.In(i).dtype));
  }
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Loop) {
  return {.name = "Loop",
          .since = 25,
          .min_inputs = 2,
          .max_inputs = -1,
          .min_outputs = 0,
          .max_outputs = -1,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
