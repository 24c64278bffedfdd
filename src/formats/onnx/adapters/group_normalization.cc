// GroupNormalization had one scale and bias for each group; now there is one for each channel.
#include "formats/onnx/adapters/adapter.h"

namespace webinfer::onnx {

namespace {

// [groups] -> [channels]: each element as often as a group has channels.
Result<ValueId> Repeat(AdapterContext& context, ValueId per_group, ValueId copies) {
  WEBINFER_ASSIGN(const ValueId one, context.Ints(std::vector<int64_t>{1}));
  WEBINFER_ASSIGN(const ValueId flat, context.Ints(std::vector<int64_t>{-1}));
  const ValueId column = context.AddBefore("Unsqueeze", {per_group, one});
  const ValueId shape = context.AddBefore("Concat", {one, copies});
  context.Last().attributes.SetInt("axis", 0);
  return context.AddBefore("Reshape", {context.AddBefore("Expand", {column, shape}), flat});
}

Status Lift(AdapterContext& context) {
  Node& node = context.node();
  if (!node.HasInput(2)) return OkStatus();
  const int64_t groups = context.attributes().Int("num_groups", 1);
  const ValueId channels = context.AddBefore("Shape", {node.inputs[0]});
  context.Last().attributes.SetInt("start", 1);
  context.Last().attributes.SetInt("end", 2);
  WEBINFER_ASSIGN(const ValueId divisor, context.Ints({&groups, 1}));
  const ValueId copies = context.AddBefore("Div", {channels, divisor});
  for (size_t i = 1; i <= 2; ++i) {
    WEBINFER_ASSIGN(const ValueId repeated, Repeat(context, node.inputs[i], copies));
    context.SetInput(i, repeated);
  }
  return OkStatus();
}

}  // namespace

WEBINFER_ADAPTER(GroupNormalization) { return {"GroupNormalization", 21, Lift}; }

}  // namespace webinfer::onnx
