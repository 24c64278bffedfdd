// Scan had a batch axis of its own: it ran once for each entry of axis 0 and walked along axis 1. That is a Scan over the batch
// whose body is a Scan along the sequence. Sequences that are shorter are cut before it, and their results filled with zeros.
#include "formats/onnx/adapters/adapter.h"

namespace webinfer::onnx {

namespace {

using Inputs = std::vector<ValueId>;

// Builds the body that runs once for each entry of the batch.
class BatchBody {
 public:
  explicit BatchBody(Graph& graph) : graph_(graph) {}

  ValueId Add(std::string_view op, Inputs inputs) {
    const ValueId output = graph_.AddValue("");
    graph_.AddNode(op, std::move(inputs), {output});
    return output;
  }
  Result<ValueId> Int(int64_t value) {
    WEBINFER_ASSIGN(Tensor tensor, Tensor::Create(DType::kInt64, {1}));
    *tensor.As<int64_t>() = value;
    return graph_.AddConstant("", std::make_shared<Tensor>(std::move(tensor)));
  }
  // The first `length` entries of `sequence`.
  Result<ValueId> Cut(ValueId sequence, ValueId length) {
    WEBINFER_ASSIGN(const ValueId zero, Int(0));
    return Add("Slice", {sequence, zero, length, zero});
  }
  // `sequence` with zeros behind it, as many entries as `model` has.
  Status Fill(ValueId sequence, ValueId model, ValueId length, ValueId to) {
    WEBINFER_ASSIGN(const ValueId zero, Int(0));
    const ValueId all = Add("Shape", {model});
    graph_.nodes.back()->attributes.SetInt("end", 1);
    const ValueId widths = Add("Concat", {zero, Add("Sub", {all, length})});
    graph_.nodes.back()->attributes.SetInt("axis", 0);
    graph_.AddNode("Pad", {sequence, widths, kNoValue, zero}, {to});
    return OkStatus();
  }

 private:
  Graph& graph_;
};

// The body of the outer Scan: `inner` on one entry of the batch. `lengths`: the first input is the entry's length.
Status FillBatchBody(Graph& batch, std::unique_ptr<Node> inner, bool lengths, size_t states) {
  BatchBody body(batch);
  const std::vector<ValueId> formal(batch.inputs.begin() + (lengths ? 1 : 0), batch.inputs.end());
  const auto scanned = static_cast<size_t>(inner->formal_inputs);
  inner->inputs = formal;
  ValueId length = kNoValue;
  if (lengths) {
    WEBINFER_ASSIGN(const ValueId flat, body.Int(1));
    length = body.Add("Reshape", {batch.inputs[0], flat});
    for (size_t i = states; i < scanned; ++i) {
      WEBINFER_ASSIGN(inner->inputs[i], body.Cut(formal[i], length));
    }
  }
  for (size_t i = 0; i < inner->bodies[0]->outputs.size(); ++i) batch.outputs.push_back(batch.AddValue(""));
  inner->outputs = batch.outputs;
  for (size_t i = states; lengths && i < batch.outputs.size(); ++i) inner->outputs[i] = batch.AddValue("");
  const std::vector<ValueId> short_outputs = inner->outputs;
  batch.nodes.push_back(std::move(inner));
  for (size_t i = states; lengths && i < batch.outputs.size(); ++i) {
    WEBINFER_TRY(body.Fill(short_outputs[i], formal[states], length, batch.outputs[i]));
  }
  return OkStatus();
}

Status Lift(AdapterContext& context) {
  Graph& graph = context.graph();
  Node& node = context.node();
  const int64_t scans = node.attributes.Int("num_scan_inputs", 0);
  if (node.formal_inputs < 2 || node.bodies.size() != 1 || scans < 1 || scans > node.formal_inputs - 1) {
    return Error(Code::kInvalidModel, "Scan has no inputs or no body").Op("Scan").Node("%s", node.name.c_str());
  }
  const bool lengths = node.HasInput(0);
  const auto formal = static_cast<size_t>(node.formal_inputs) - 1;
  const size_t states = formal - static_cast<size_t>(scans);
  auto inner = std::make_unique<Node>();
  inner->name = node.name;
  inner->op = "Scan";
  inner->opset = node.opset;
  inner->formal_inputs = static_cast<int>(formal);
  inner->attributes = std::move(node.attributes);
  inner->bodies = std::move(node.bodies);
  const std::span<const int64_t> directions = inner->attributes.Ints("directions");
  if (!directions.empty()) inner->attributes.SetInts("scan_input_directions", {directions.begin(), directions.end()});
  inner->attributes.Remove("directions");

  if (!lengths) node.inputs.erase(node.inputs.begin());
  node.formal_inputs = static_cast<int>(formal) + (lengths ? 1 : 0);
  node.bodies.clear();
  node.bodies.push_back(std::make_unique<Graph>());
  Graph& batch = *node.bodies[0];
  for (ValueId id : node.inputs) {
    ValueType type = graph.values[id].type;
    if (batch.inputs.size() < static_cast<size_t>(node.formal_inputs)) type.shape = Shape::UnknownRank();
    batch.inputs.push_back(batch.AddValue(graph.values[id].name, type));
  }
  WEBINFER_TRY(FillBatchBody(batch, std::move(inner), lengths, states));

  node.attributes = Attributes();
  node.attributes.SetInt("num_scan_inputs", node.formal_inputs);
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
