// Model-local functions: each call becomes the function's nodes in the graph around it.
#include "formats/onnx/graph_builder.h"
#include "formats/onnx/schema.h"
#include "formats/onnx/text.h"

namespace webinfer::onnx {

namespace {

constexpr int kMaxCallDepth = 40;

}  // namespace

std::string GraphBuilder::FunctionKey(std::string_view domain, std::string_view name, std::string_view overload) {
  std::string key(domain);
  key += '\0';
  key += name;
  key += '\0';
  key += overload;
  return key;
}

Status GraphBuilder::AddFunction(Bytes function_proto) {
  auto function = std::make_unique<Function>();
  ProtoReader reader(function_proto);
  while (reader.Next()) {
    WEBINFER_TRY(budget_.Charge(2 * sizeof(Bytes)));
    switch (reader.field()) {
      case function_field::kName: function->name = reader.text(); break;
      case function_field::kDomain: function->domain = reader.text(); break;
      case function_field::kOverload: function->overload = reader.text(); break;
      case function_field::kInput: function->inputs.push_back(reader.text()); break;
      case function_field::kOutput: function->outputs.push_back(reader.text()); break;
      case function_field::kNode: function->nodes.push_back(reader.bytes()); break;
      case function_field::kAttributeProto: function->defaults.push_back(reader.bytes()); break;
      case function_field::kOpsetImport: WEBINFER_TRY(ReadOpsetImport(reader.bytes(), &function->imports)); break;
      default: break;
    }
  }
  WEBINFER_TRY(reader.status());
  if (function->domain == "ai.onnx") function->domain = "";
  const std::string key = FunctionKey(function->domain, function->name, function->overload);
  WEBINFER_TRY(budget_.Charge(sizeof(Function) + 2 * key.size() + 64));
  const std::string_view name = function->name;
  if (functions_.emplace(key, std::move(function)).second) return OkStatus();
  return Error(Code::kInvalidModel, "The function \"%.*s\" is defined twice", WEBINFER_TEXT(name));
}

GraphBuilder::Function* GraphBuilder::FindFunction(const NodeFields& fields) {
  if (functions_.empty()) return nullptr;
  const auto found = functions_.find(FunctionKey(fields.domain, fields.op, fields.overload));
  return found == functions_.end() ? nullptr : found->second.get();
}

Status GraphBuilder::InlineCall(Scope& scope, const NodeFields& fields, Function& function) {
  const auto invalid = [&](const char* what) {
    return Error(Code::kInvalidModel, "The function \"%.*s\" %s", WEBINFER_TEXT(function.name), what)
        .Op("%.*s", WEBINFER_TEXT(fields.op))
        .Node("%.*s", WEBINFER_TEXT(fields.name));
  };
  if (function.active) return invalid("calls itself");
  if (depth_ >= kMaxCallDepth) return invalid("is called too deeply");
  if (fields.inputs.size() > function.inputs.size() || fields.outputs.size() > function.outputs.size()) {
    return invalid("is called with more inputs or outputs than it has");
  }
  Attributes arguments;
  WEBINFER_TRY(ReadAttributes(scope, fields, &arguments, nullptr));
  for (Bytes proto : function.defaults) {
    Attribute attribute;
    std::vector<Bytes> graphs;
    std::string_view reference;
    WEBINFER_TRY(ReadAttribute(proto, &attribute, &graphs, &reference));
    if (!graphs.empty() || !reference.empty()) return invalid("has an attribute whose default is no plain value");
    if (!arguments.Has(attribute.name)) arguments.Set(std::move(attribute));
  }

  Scope call;
  call.graph = scope.graph;
  call.imports = function.imports.empty() ? scope.imports : &function.imports;
  call.arguments = &arguments;
  const std::string name =
      scope.call.empty() ? std::string(fields.name) : std::string(scope.call) + "/" + std::string(fields.name);
  call.call = name;
  for (size_t i = 0; i < function.inputs.size(); ++i) {
    ValueId id = kNoValue;
    if (i < fields.inputs.size()) {
      WEBINFER_ASSIGN(id, Resolve(scope, fields.inputs[i], &fields));
    }
    WEBINFER_TRY(AddName(call, function.inputs[i], id));
  }
  std::vector<std::pair<std::string_view, ValueId>> copies;  // results that are inputs, or there twice
  for (size_t i = 0; i < fields.outputs.size(); ++i) {
    if (fields.outputs[i].empty()) continue;
    const ValueId id = scope.names.at(fields.outputs[i]);
    if (call.names.contains(function.outputs[i]) || !call.results.emplace(function.outputs[i], id).second) {
      copies.emplace_back(function.outputs[i], id);
    }
  }
  function.active = true;
  ++depth_;
  for (Bytes node : function.nodes) WEBINFER_TRY(DeclareNode(call, node));
  WEBINFER_TRY(BuildNodes(call));
  for (const auto& [source, target] : copies) {
    WEBINFER_ASSIGN(const ValueId id, Resolve(call, source, &fields));
    if (id == kNoValue) return invalid("returns an input that is left out");
    call.graph->AddNode("Identity", {id}, {target});
  }
  --depth_;
  function.active = false;
  return OkStatus();
}

}  // namespace webinfer::onnx
