// The graph in words.
#include "graph/graph.h"

namespace webinfer {

namespace {

std::string ValueText(const Graph& graph, ValueId id) {
  if (id == kNoValue) return "-";
  const Value& value = graph.values[id];
  std::string text = value.name.empty() ? "%" + std::to_string(id) : value.name;
  text += ":";
  if (value.type.kind != ValueKind::kTensor) text += std::string(ValueKindName(value.type.kind)) + " ";
  if (value.type.key != DType::kUndefined) text += std::string(DTypeName(value.type.key)) + " to ";
  text += DTypeName(value.type.dtype);
  text += ShapeText(value.type.shape).text;
  if (value.constant != nullptr) text += "=const";
  return text;
}

std::string ListText(const Graph& graph, const std::vector<ValueId>& ids) {
  std::string text;
  for (size_t i = 0; i < ids.size(); ++i) text += (i == 0 ? "" : ", ") + ValueText(graph, ids[i]);
  return text;
}

std::string AttributeText(const Attribute& a) {
  std::string text = a.name + "=";
  const auto list = [&](const auto& items, const auto& print) {
    text += "[";
    for (size_t i = 0; i < items.size() && i < 8; ++i) text += (i == 0 ? "" : ",") + print(items[i]);
    text += items.size() > 8 ? ",...]" : "]";
  };
  switch (a.kind) {
    case Attribute::Kind::kInt: return text + std::to_string(a.i);
    case Attribute::Kind::kFloat: return text + std::to_string(a.f);
    case Attribute::Kind::kString: return text + '"' + a.s.substr(0, 40) + '"';
    case Attribute::Kind::kInts: list(a.ints, [](int64_t v) { return std::to_string(v); }); return text;
    case Attribute::Kind::kFloats: list(a.floats, [](float v) { return std::to_string(v); }); return text;
    case Attribute::Kind::kStrings:
      list(a.strings, [](const std::string& v) { return '"' + v.substr(0, 40) + '"'; });
      return text;
    case Attribute::Kind::kTensor: return text + DTypeName(a.tensor->dtype) + ShapeText(a.tensor->shape).text;
    case Attribute::Kind::kGraph: return text + "body" + std::to_string(a.graph);
    default: return text + "?";
  }
}

}  // namespace

std::string DumpGraph(const Graph& graph, int indent) {
  const std::string pad(static_cast<size_t>(indent), ' ');
  std::string text = pad + "inputs " + ListText(graph, graph.inputs) + "\n";
  for (const auto& node : graph.nodes) {
    text += pad + ListText(graph, node->outputs) + " = " + (node->domain.empty() ? "" : node->domain + ".") + node->op + "(" +
            ListText(graph, node->inputs) + ")";
    for (const Attribute& a : node->attributes.all()) text += " " + AttributeText(a);
    if (!node->name.empty()) text += "  # " + node->name;
    text += "\n";
    for (const auto& body : node->bodies) text += DumpGraph(*body, indent + 4);
  }
  return text + pad + "outputs " + ListText(graph, graph.outputs) + "\n";
}

}  // namespace webinfer
