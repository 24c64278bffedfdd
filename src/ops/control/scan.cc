// Scan: runs its body once for each slice of the scan inputs; carries states and stacks scan outputs.
#include "kernels/strided_copy.h"
#include "ops/control/body.h"

namespace webinfer::ops {
namespace {

struct ScanParams {
  int32_t body, states, scan_inputs, scan_outputs;
};

Result<ScanParams> ParamsOf(const InferContext& ctx) {
  ScanParams params;
  WEBINFER_ASSIGN(params.body, BodyOf(ctx.node(), "body"));
  const int formal = FormalInputs(ctx.node());
  params.scan_inputs = static_cast<int32_t>(ctx.attributes().Int("num_scan_inputs", 0));
  params.states = formal - params.scan_inputs;
  params.scan_outputs = static_cast<int32_t>(ctx.node().bodies[static_cast<size_t>(params.body)]->outputs.size()) - params.states;
  if (params.scan_inputs < 1 || params.states < 0 || params.scan_outputs < 0) {
    return Error(Code::kInvalidModel, "Scan has an impossible number of inputs")
        .Expected("1..%d scan inputs", formal)
        .Actual("%d", params.scan_inputs);
  }
  WEBINFER_TRY(ExpectBody(ctx.node(), params.body, formal, ctx.output_count()));
  return params;
}

int64_t Listed(const Attributes& attributes, std::string_view name, int i) {
  const std::span<const int64_t> list = attributes.Ints(name);
  return static_cast<size_t>(i) < list.size() ? list[static_cast<size_t>(i)] : 0;
}

// The number of iterations as far as it is known: the size of the scanned axes.
Result<int64_t> Trips(const InferContext& ctx, const ScanParams& params) {
  int64_t trips = kUnknownDim;
  for (int i = 0; i < params.scan_inputs; ++i) {
    const Shape& shape = ctx.In(params.states + i).shape;
    if (!shape.rank_known()) continue;
    WEBINFER_ASSIGN(const int axis, NormalizeAxis(Listed(ctx.attributes(), "scan_input_axes", i), shape.rank()));
    if (trips >= 0 && shape[axis] >= 0 && trips != shape[axis]) {
      return Error(Code::kShapeMismatch, "Scan's inputs have different lengths")
          .Expected("%lld entries", static_cast<long long>(trips))
          .Actual("%s on axis %d", ShapeText(shape).text, axis);
    }
    if (trips < 0) trips = shape[axis];
  }
  return trips;
}

Status Infer(InferContext& ctx) {
  WEBINFER_ASSIGN(const ScanParams params, ParamsOf(ctx));
  WEBINFER_ASSIGN(const int64_t trips, Trips(ctx, params));
  for (int i = 0; i < ctx.output_count(); ++i) {
    ValueType type = BodyOutput(ctx.node(), params.body, i);
    if (i < params.states) {
      const ValueInfo& initial = ctx.In(i);
      if (initial.shape.rank() != type.shape.rank()) type.shape = Shape::UnknownRank();
      for (int k = 0; k < type.shape.rank(); ++k) {
        if (initial.shape[k] != type.shape[k]) type.shape[k] = kUnknownDim;
      }
      type.dtype = initial.dtype;
    } else if (type.shape.rank_known() && type.shape.rank() < kMaxRank) {
      WEBINFER_ASSIGN(const int axis,
                      NormalizeAxis(Listed(ctx.attributes(), "scan_output_axes", i - params.states), type.shape.rank() + 1));
      type.shape.Insert(axis, trips);
    } else {
      type.shape = Shape::UnknownRank();
    }
    SetOutputType(ctx, i, type);
  }
  return OkStatus();
}

// Slice `index` of `in` along `axis`; a copy in `memory` where it does not stand together.
Status SliceOf(const Operand& in, int axis, int64_t index, RuntimeValue& memory, Operand* slice) {
  slice->present = true;
  slice->dtype = in.dtype;
  slice->shape = in.shape;
  slice->shape.Erase(axis);
  const int64_t outer = in.shape.Elements(0, axis), inner = in.shape.Elements(axis + 1, in.shape.rank());
  const auto bytes = static_cast<int64_t>(DTypeBytes(in.dtype));
  uint8_t* start = in.As<uint8_t>() + index * inner * bytes;
  if (outer == 1) {
    slice->data = start;
    return OkStatus();
  }
  WEBINFER_TRY(memory.Resize(in.dtype, slice->shape));
  kernels::StridedCopy copy;
  copy.element_bytes = static_cast<int32_t>(bytes);
  copy.Append(outer, in.shape[axis] * inner, inner);
  copy.Append(inner, 1, 1);
  kernels::Simplify(&copy);
  kernels::RunStridedCopy(copy, start, memory.tensor.buffer.data());
  slice->data = memory.tensor.buffer.data();
  return OkStatus();
}

Status Kernel(const Step& step, RunContext& run) {
  const auto& params = step.Params<ScanParams>();
  const Attributes& attributes = step.node->attributes;
  const auto states = static_cast<size_t>(params.states), scan_inputs = static_cast<size_t>(params.scan_inputs);
  std::vector<CarriedValue> carried(states);
  std::vector<RuntimeValue> slices(scan_inputs);
  std::vector<StackedSlices> scans(static_cast<size_t>(params.scan_outputs));
  std::vector<Operand> inputs(step.in, step.in + step.input_count);
  std::vector<int> axes(scan_inputs);
  int64_t trips = 0;
  for (size_t i = 0; i < states; ++i) carried[i].Borrow(step.in[i]);
  for (size_t i = 0; i < scan_inputs; ++i) {
    const Shape& shape = step.in[states + i].shape;
    WEBINFER_ASSIGN(axes[i], NormalizeAxis(Listed(attributes, "scan_input_axes", static_cast<int>(i)), shape.rank()));
    trips = shape[axes[i]];
  }
  for (int64_t trip = 0; trip < trips; ++trip) {
    for (size_t i = 0; i < scan_inputs; ++i) {
      const bool reverse = Listed(attributes, "scan_input_directions", static_cast<int>(i)) != 0;
      WEBINFER_TRY(SliceOf(step.in[states + i], axes[i], reverse ? trips - 1 - trip : trip, slices[i], &inputs[states + i]));
    }
    std::span<const Operand> outputs;
    WEBINFER_TRY(run.bodies().RunBody(*step.node, params.body, inputs, &outputs));
    for (size_t i = 0; i < scans.size(); ++i) WEBINFER_TRY(scans[i].Append(outputs[states + i]));
    for (size_t i = 0; i < states; ++i) WEBINFER_TRY(carried[i].Take(outputs[i], false));
    for (size_t i = 0; i < states; ++i) inputs[i] = carried[i].operand();
  }
  for (size_t i = 0; i < states && i < step.output_count; ++i) WEBINFER_TRY(CopyOut(run, step.out[i], carried[i].operand()));
  for (size_t i = 0; i < scans.size() && states + i < step.output_count; ++i) {
    const int scan = static_cast<int>(i), output = static_cast<int>(states + i);
    WEBINFER_TRY(scans[i].Finish(run, step.out[output], Listed(attributes, "scan_output_axes", scan),
                                 Listed(attributes, "scan_output_directions", scan) != 0,
                                 BodyOutput(*step.node, params.body, output)));
  }
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  WEBINFER_ASSIGN(ScanParams * params, ctx.Params<ScanParams>());
  WEBINFER_ASSIGN(*params, ParamsOf(ctx));
  for (int i = 0; i < params->scan_inputs; ++i) {
    if (DTypeBits(ctx.In(params->states + i).dtype) >= 8) continue;
    return Error(Code::kUnsupported, "Packed elements cannot be scanned")
        .Actual("%s", DTypeName(ctx.In(params->states + i).dtype));
  }
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Scan) {
  return {.name = "Scan",
          .since = 25,
          .min_inputs = 1,
          .max_inputs = -1,
          .min_outputs = 1,
          .max_outputs = -1,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
