// Tile repeated one axis: "tiles" times along "axis", two tensors of one element.
#include "formats/onnx/adapters/adapter.h"

namespace webinfer::onnx {

namespace {

Status Lift(AdapterContext& context) {
  Node& node = context.node();
  if (!node.HasInput(0) || !node.HasInput(1) || !node.HasInput(2)) return OkStatus();
  const ValueId input = node.inputs[0];
  WEBINFER_ASSIGN(const ValueId flat, context.Ints(std::vector<int64_t>{1}));
  const auto as_index = [&](ValueId value) {  // of any numeric type
    const ValueId cast = context.AddBefore("Cast", {value});
    context.Last().attributes.SetInt("to", static_cast<int64_t>(DType::kInt64));
    return context.AddBefore("Reshape", {cast, flat});
  };
  const ValueId rank = context.AddBefore("Shape", {context.AddBefore("Shape", {input})});
  WEBINFER_ASSIGN(const ValueId one, context.Int(1));
  const ValueId ones = context.AddBefore("Expand", {one, rank});
  const ValueId tiles = as_index(node.inputs[1]), axis = as_index(node.inputs[2]);
  node.inputs = {input, context.AddBefore("ScatterElements", {ones, axis, tiles})};
  return OkStatus();
}

}  // namespace

WEBINFER_ADAPTER(Tile) { return {"Tile", 6, Lift}; }

}  // namespace webinfer::onnx
