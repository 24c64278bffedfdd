// Scan had a batch axis of its own: it ran once for each entry of axis 0 and walked along axis 1. That is a Scan over the batch
// whose body is a Scan along the sequence.
#include "formats/onnx/adapters/adapter.h"

namespace webinfer::onnx {

namespace {

Status Lift(AdapterContext& context) {
  Graph& graph = context.graph();
  Node& node = context.node();
  const auto formal = static_cast<size_t>(node.formal_inputs);
  if (node.formal_inputs < 2 || node.bodies.size() != 1) {
    return Error(Code::kInvalidModel, "Scan has no inputs or no body").Op("Scan").Node("%s", node.name.c_str());
  }
  if (node.HasInput(0)) {
    return Error(Code::kUnsupported, "Sequence lengths of Scan are not supported").Op("Scan").Node("%s", node.name.c_str());
  }
  auto inner = std::make_unique<Node>();
  inner->name = node.name;
  inner->op = "Scan";
  inner->opset = node.opset;
  inner->formal_inputs = static_cast<int>(formal) - 1;
  inner->attributes = std::move(node.attributes);
  inner->bodies = std::move(node.bodies);
  const std::span<const int64_t> directions = inner->attributes.Ints("directions");
  if (!directions.empty()) inner->attributes.SetInts("scan_input_directions", {directions.begin(), directions.end()});
  inner->attributes.Remove("directions");

  node.inputs.erase(node.inputs.begin());
  node.formal_inputs = inner->formal_inputs;
  node.bodies.clear();
  node.bodies.push_back(std::make_unique<Graph>());
  Graph& batch = *node.bodies[0];
  for (ValueId id : node.inputs) {
    ValueType type = graph.values[id].type;
    if (batch.inputs.size() < formal - 1) type.shape = Shape::UnknownRank();
    batch.inputs.push_back(batch.AddValue(graph.values[id].name, type));
  }
  inner->inputs = batch.inputs;
  for (size_t i = 0; i < inner->bodies[0]->outputs.size(); ++i) batch.outputs.push_back(batch.AddValue(""));
  inner->outputs = batch.outputs;
  batch.nodes.push_back(std::move(inner));

  node.attributes = Attributes();
  node.attributes.SetInt("num_scan_inputs", static_cast<int64_t>(formal) - 1);
  Attribute body;
  body.name = "body";
  body.kind = Attribute::Kind::kGraph;
  body.graph = 0;
  node.attributes.Set(std::move(body));
  return OkStatus();
}

}  // namespace

WEBINFER_ADAPTER(Scan) { return {"Scan", 9, Lift}; }

}  // namespace webinfer::onnx
