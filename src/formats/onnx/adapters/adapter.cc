#include "formats/onnx/adapters/adapter.h"

#include <algorithm>

namespace webinfer::onnx {

#define WEBINFER_ADAPTER_ENTRY(Id) ::webinfer::onnx::Adapter WebinferAdapter_##Id();
#include "formats_registry.inc"
#undef WEBINFER_ADAPTER_ENTRY

namespace {

constexpr int kConsumedInputsUntil = 6;  // a promise about memory that no runtime needs

bool Earlier(const Adapter& a, const Adapter& b) { return a.op != b.op ? a.op < b.op : a.before < b.before; }

const std::vector<Adapter>& Sorted() {
  static const std::vector<Adapter> adapters = [] {
    std::vector<Adapter> list = {
#define WEBINFER_ADAPTER_ENTRY(Id) WebinferAdapter_##Id(),
#include "formats_registry.inc"
#undef WEBINFER_ADAPTER_ENTRY
    };
    std::sort(list.begin(), list.end(), Earlier);
    return list;
  }();
  return adapters;
}

template <typename T>
Result<ValueId> AddConstant(Graph& graph, DType dtype, const Shape& shape, std::span<const T> elements) {
  WEBINFER_ASSIGN(Tensor tensor, Tensor::Create(dtype, shape));
  std::copy(elements.begin(), elements.end(), tensor.As<T>());
  return graph.AddConstant("", std::make_shared<Tensor>(std::move(tensor)));
}

}  // namespace

void AdapterContext::SetInput(size_t i, ValueId value) {
  if (node_.inputs.size() <= i) node_.inputs.resize(i + 1, kNoValue);
  node_.inputs[i] = value;
}

Result<ValueId> AdapterContext::Ints(std::span<const int64_t> values) {
  return AddConstant<int64_t>(graph_, DType::kInt64, {static_cast<int64_t>(values.size())}, values);
}

Result<ValueId> AdapterContext::Int(int64_t value) { return AddConstant<int64_t>(graph_, DType::kInt64, {}, {&value, 1}); }

Result<ValueId> AdapterContext::Float(float value) { return AddConstant<float>(graph_, DType::kFloat32, {}, {&value, 1}); }

Result<ValueId> AdapterContext::FloatLike(float value, size_t i) {
  WEBINFER_ASSIGN(const ValueId constant, Float(value));
  if (!node_.HasInput(i) || graph_.values[node_.inputs[i]].type.dtype == DType::kFloat32) return constant;
  return AddBefore("CastLike", {constant, node_.inputs[i]});
}

std::unique_ptr<Node> AdapterContext::NewNode(std::string_view op, std::string_view domain, std::vector<ValueId> inputs,
                                              std::vector<ValueId> outputs) {
  auto node = std::make_unique<Node>();
  node->name = node_.name;
  node->op = op;
  node->domain = domain;
  node->opset = node_.opset;
  node->inputs = std::move(inputs);
  node->outputs = std::move(outputs);
  last_ = node.get();
  return node;
}

ValueId AdapterContext::AddBefore(std::string_view op, std::vector<ValueId> inputs, std::string_view domain) {
  const ValueId output = graph_.AddValue("");
  before.push_back(NewNode(op, domain, std::move(inputs), {output}));
  return output;
}

Node& AdapterContext::AddAfter(std::string_view op, std::vector<ValueId> inputs, std::vector<ValueId> outputs,
                               std::string_view domain) {
  after.push_back(NewNode(op, domain, std::move(inputs), std::move(outputs)));
  return *last_;
}

ValueId AdapterContext::DetachOutput(size_t i) { return std::exchange(node_.outputs[i], graph_.AddValue("")); }

Status AdapterContext::IntsToInput(std::string_view name, size_t i) {
  const Attribute* attribute = attributes().Find(name);
  if (attribute == nullptr) return OkStatus();
  WEBINFER_ASSIGN(const ValueId constant, Ints(attribute->ints));
  SetInput(i, constant);
  attributes().Remove(name);
  return OkStatus();
}

Status AppendLifted(Graph& graph, std::unique_ptr<Node> node) {
  const std::vector<Adapter>& adapters = Sorted();
  AdapterContext context(graph, *node);
  const int opset = node->opset;
  if (opset < kConsumedInputsUntil) node->attributes.Remove("consumed_inputs");
  // An adapter may rename the operator; the adapters of the name the model used are the ones that apply.
  const std::string op = node->op, domain = node->domain;
  auto adapter = std::lower_bound(adapters.begin(), adapters.end(), Adapter{op, 0}, Earlier);
  for (; adapter != adapters.end() && adapter->op == op; ++adapter) {
    if (opset < adapter->before && adapter->domain == domain) WEBINFER_TRY(adapter->lift(context));
  }
  for (auto& added : context.before) graph.nodes.push_back(std::move(added));
  graph.nodes.push_back(std::move(node));
  for (auto& added : context.after) graph.nodes.push_back(std::move(added));
  return OkStatus();
}

}  // namespace webinfer::onnx
