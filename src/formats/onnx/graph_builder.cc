#include "formats/onnx/graph_builder.h"

#include <algorithm>

#include "formats/onnx/adapters/adapter.h"
#include "formats/onnx/schema.h"
#include "formats/onnx/text.h"
#include "formats/onnx/types.h"

namespace webinfer::onnx {

namespace {

constexpr int kMaxDepth = 40;  // of bodies and calls inside each other: what the stack of a WebAssembly build bears

// What a small heap block costs beyond its content.
constexpr uint64_t kHeapOverhead = 16;

uint64_t TextBytes(std::string_view text) { return text.size() > 15 ? text.size() + kHeapOverhead : 0; }

}  // namespace

Status ReadOpsetImport(Bytes opset_proto, OpsetImports* imports) {
  std::string_view domain;
  int64_t version = 0;
  ProtoReader reader(opset_proto);
  while (reader.Next()) {
    if (reader.field() == opset_field::kDomain) domain = reader.text();
    if (reader.field() == opset_field::kVersion) version = reader.integer();
  }
  WEBINFER_TRY(reader.status());
  if (domain == "ai.onnx") domain = "";
  if (version < 0 || version > INT32_MAX) {
    return Error(Code::kInvalidModel, "The version of an operator set is absurd").Actual("%lld", static_cast<long long>(version));
  }
  for (auto& [name, known] : *imports) {
    if (name != domain) continue;
    known = version;
    return OkStatus();
  }
  imports->emplace_back(domain, version);
  return OkStatus();
}

Status GraphBuilder::ReadNodeFields(Bytes node_proto, NodeFields* fields) {
  ProtoReader reader(node_proto);
  while (reader.Next()) {
    switch (reader.field()) {
      case node_field::kInput: fields->inputs.push_back(reader.text()); break;
      case node_field::kOutput: fields->outputs.push_back(reader.text()); break;
      case node_field::kName: fields->name = reader.text(); break;
      case node_field::kOpType: fields->op = reader.text(); break;
      case node_field::kDomain: fields->domain = reader.text(); break;
      case node_field::kOverload: fields->overload = reader.text(); break;
      case node_field::kAttribute: fields->attributes.push_back(reader.bytes()); break;
      default: break;
    }
  }
  if (fields->domain == "ai.onnx") fields->domain = "";
  return reader.status();
}

Result<ValueId> GraphBuilder::AddValue(Graph& graph, std::string_view name, ValueType type) {
  WEBINFER_TRY(budget_.Charge(sizeof(Value) + TextBytes(name)));
  return graph.AddValue(std::string(name), type);
}

Status GraphBuilder::AddName(Scope& scope, std::string_view name, ValueId id) {
  constexpr uint64_t kEntryBytes = 64;
  WEBINFER_TRY(budget_.Charge(kEntryBytes));
  if (scope.names.emplace(name, id).second) return OkStatus();
  return Error(Code::kInvalidModel, "The value \"%.*s\" is made twice", WEBINFER_TEXT(name))
      .Hint("Each name may be an input, an initializer or the output of one node only.");
}

bool GraphBuilder::IsConstant(const Graph& graph, ValueId id) const {
  return graph.Constant(id) != nullptr && !(&graph == &model_.graph && defaults_.contains(id));
}

Result<ValueId> GraphBuilder::Lookup(Scope& scope, std::string_view name) {
  const auto found = scope.names.find(name);
  if (found != scope.names.end()) return found->second;
  if (scope.around == nullptr) return kNoValue;
  WEBINFER_ASSIGN(const ValueId outer, Lookup(*scope.around, name));
  if (outer == kNoValue) return kNoValue;
  const Graph& outer_graph = *scope.around->graph;
  const ValueType type = outer_graph.values[outer].type;
  WEBINFER_ASSIGN(const ValueId inner, AddValue(*scope.graph, name, type));
  if (IsConstant(outer_graph, outer)) {
    scope.graph->values[inner].constant = outer_graph.values[outer].constant;  // shared: nothing to capture
  } else {
    WEBINFER_TRY(budget_.Charge(sizeof(Capture)));
    scope.captures.push_back({inner, outer});
  }
  WEBINFER_TRY(AddName(scope, name, inner));
  return inner;
}

Result<ValueId> GraphBuilder::Resolve(Scope& scope, std::string_view name, const NodeFields* reader) {
  if (name.empty()) return kNoValue;
  WEBINFER_ASSIGN(const ValueId id, Lookup(scope, name));
  // Formal inputs that a call leaves out are known names without a value.
  if (id != kNoValue || scope.names.contains(name)) return id;
  Error error(Code::kInvalidModel, "Nothing makes the value \"%.*s\"", WEBINFER_TEXT(name));
  if (reader == nullptr) return error.Node("output of graph \"%s\"", scope.graph->name.c_str());
  return error.Op("%.*s", WEBINFER_TEXT(reader->op)).Node("%.*s", WEBINFER_TEXT(reader->name));
}

Status GraphBuilder::DeclareInput(Scope& scope, Bytes value_info_proto) {
  ValueInfoFields fields;
  WEBINFER_TRY(ReadValueInfo(value_info_proto, &fields));
  WEBINFER_ASSIGN(const ValueId id, AddValue(*scope.graph, fields.name, fields.type));
  WEBINFER_TRY(budget_.Charge(fields.symbols.size() * sizeof(std::string)));
  scope.graph->values[id].symbols = std::move(fields.symbols);
  scope.graph->inputs.push_back(id);
  return AddName(scope, fields.name, id);
}

// Before IR version 4 every initializer had to be listed among the inputs and none was meant to be replaced.
Status GraphBuilder::DeclareInitializer(Scope& scope, NamedTensor named) {
  constexpr int64_t kDefaultsSince = 4;
  const auto found = scope.names.find(named.name);
  if (found == scope.names.end()) {
    WEBINFER_ASSIGN(const ValueId id,
                    AddValue(*scope.graph, named.name, {ValueKind::kTensor, named.tensor->dtype, named.tensor->shape}));
    scope.graph->values[id].constant = std::move(named.tensor);
    return AddName(scope, named.name, id);
  }
  const ValueId id = found->second;
  Value& value = scope.graph->values[id];
  if (value.constant != nullptr) return Error(Code::kInvalidModel, "The initializer \"%s\" is there twice", value.name.c_str());
  if (scope.around != nullptr) return OkStatus();  // the node of a body always gives all inputs
  value.constant = std::move(named.tensor);
  if (model_.ir_version >= kDefaultsSince) {
    WEBINFER_TRY(budget_.Charge(kHeapOverhead + sizeof(void*)));
    defaults_.insert(id);
  } else {
    value.type = {ValueKind::kTensor, value.constant->dtype, value.constant->shape};
    std::erase(scope.graph->inputs, id);
  }
  return OkStatus();
}

Result<ValueId> GraphBuilder::DeclareOutput(Scope& scope, std::string_view name, const NodeFields& fields) {
  ValueId id;
  if (const auto result = scope.results.find(name); result != scope.results.end()) {
    id = result->second;
  } else {
    WEBINFER_ASSIGN(id, AddValue(*scope.graph, name));
  }
  WEBINFER_TRY(At(AddName(scope, name, id), fields.op, fields.name));
  return id;
}

Status GraphBuilder::DeclareNode(Scope& scope, Bytes node_proto) {
  NodeFields fields;
  WEBINFER_TRY(ReadNodeFields(node_proto, &fields));
  const bool constant = fields.domain.empty() && fields.op == "Constant";
  for (std::string_view name : fields.outputs) {
    if (name.empty()) continue;
    WEBINFER_ASSIGN(const ValueId id, DeclareOutput(scope, name, fields));
    if (constant) return DeclareConstant(scope, fields, id);
  }
  WEBINFER_TRY(budget_.Charge(sizeof(Bytes)));
  if (!constant) scope.nodes.push_back(node_proto);
  return OkStatus();
}

Status GraphBuilder::DeclareGraph(Scope& scope, std::span<const Bytes> graph_protos) {
  const auto each = [&](auto visit) -> Status {
    for (Bytes proto : graph_protos) {
      ProtoReader reader(proto);
      while (reader.Next()) WEBINFER_TRY(visit(reader));
      WEBINFER_TRY(reader.status());
    }
    return OkStatus();
  };
  WEBINFER_TRY(each([&](const ProtoReader& reader) -> Status {
    if (reader.field() == graph_field::kName) scope.graph->name = reader.text().substr(0, 256);
    return reader.field() == graph_field::kInput ? DeclareInput(scope, reader.bytes()) : OkStatus();
  }));
  WEBINFER_TRY(each([&](const ProtoReader& reader) -> Status {
    if (reader.field() != graph_field::kInitializer && reader.field() != graph_field::kSparseInitializer) return OkStatus();
    const bool sparse = reader.field() == graph_field::kSparseInitializer;
    WEBINFER_ASSIGN(NamedTensor named, sparse ? tensors_.ReadSparse(reader.bytes()) : tensors_.Read(reader.bytes()));
    return DeclareInitializer(scope, std::move(named));
  }));
  return each([&](const ProtoReader& reader) -> Status {
    return reader.field() == graph_field::kNode ? DeclareNode(scope, reader.bytes()) : OkStatus();
  });
}

Status GraphBuilder::BuildNodes(Scope& scope) {
  for (Bytes proto : scope.nodes) {
    NodeFields fields;
    WEBINFER_TRY(ReadNodeFields(proto, &fields));
    if (Function* function = FindFunction(fields); function != nullptr) {
      WEBINFER_TRY(InlineCall(scope, fields, *function));
    } else {
      WEBINFER_TRY(BuildNode(scope, fields));
    }
  }
  return OkStatus();
}

Status GraphBuilder::BuildOutputs(Scope& scope, std::span<const Bytes> graph_protos) {
  Graph& graph = *scope.graph;
  for (Bytes proto : graph_protos) {
    ProtoReader reader(proto);
    while (reader.Next()) {
      if (reader.field() != graph_field::kOutput) continue;
      ValueInfoFields fields;
      WEBINFER_TRY(ReadValueInfo(reader.bytes(), &fields));
      WEBINFER_ASSIGN(const ValueId id, Resolve(scope, fields.name, nullptr));
      if (id == kNoValue) return Error(Code::kInvalidModel, "An output of the graph has no name");
      Value& value = graph.values[id];
      if (value.type.dtype == DType::kUndefined && value.constant == nullptr) {
        value.type = fields.type;
        WEBINFER_TRY(budget_.Charge(fields.symbols.size() * sizeof(std::string)));
        value.symbols = std::move(fields.symbols);
      }
      graph.outputs.push_back(id);
    }
  }
  return OkStatus();
}

Status GraphBuilder::BuildNode(Scope& scope, const NodeFields& fields) {
  WEBINFER_TRY(budget_.Charge(sizeof(Node) + 4 * kHeapOverhead + TextBytes(fields.name) + TextBytes(fields.op) +
                              sizeof(ValueId) * (fields.inputs.size() + fields.outputs.size())));
  constexpr uint64_t kEntryBytes = 160;
  if (++operators_[{std::string(fields.domain), std::string(fields.op)}] == 1) WEBINFER_TRY(budget_.Charge(kEntryBytes));
  auto node = std::make_unique<Node>();
  node->name = fields.name;
  if (!scope.call.empty()) {
    WEBINFER_TRY(budget_.Charge(scope.call.size()));
    node->name = std::string(scope.call) + "/" + node->name;
  }
  node->op = fields.op;
  node->domain = fields.domain;
  node->opset = 1;
  for (const auto& [domain, version] : *scope.imports) {
    if (domain == fields.domain) node->opset = static_cast<int>(version);
  }
  for (std::string_view name : fields.inputs) {
    WEBINFER_ASSIGN(const ValueId id, Resolve(scope, name, &fields));
    node->inputs.push_back(id);
  }
  while (!node->inputs.empty() && node->inputs.back() == kNoValue) node->inputs.pop_back();
  for (std::string_view name : fields.outputs) node->outputs.push_back(name.empty() ? kNoValue : scope.names.at(name));
  WEBINFER_TRY(ReadAttributes(scope, fields, &node->attributes, node.get()));
  return AppendLifted(*scope.graph, std::move(node));
}

Status GraphBuilder::BuildBody(Scope& scope, std::span<const Bytes> graph_protos, Node& node,
                               std::vector<std::unique_ptr<Scope>>& bodies) {
  if (depth_ == kMaxDepth) {
    return Error(Code::kInvalidModel, "Graphs are nested too deeply")
        .Node("%s", node.name.c_str())
        .Expected("at most %d levels", kMaxDepth);
  }
  WEBINFER_TRY(budget_.Charge(sizeof(Graph) + sizeof(Scope) + kHeapOverhead));
  node.bodies.push_back(std::make_unique<Graph>());
  auto body = std::make_unique<Scope>();
  body->graph = node.bodies.back().get();
  body->around = &scope;
  body->imports = scope.imports;
  body->arguments = scope.arguments;
  body->call = scope.call;
  ++depth_;
  WEBINFER_TRY(DeclareGraph(*body, graph_protos));
  WEBINFER_TRY(BuildNodes(*body));
  WEBINFER_TRY(BuildOutputs(*body, graph_protos));
  --depth_;
  bodies.push_back(std::move(body));
  return OkStatus();
}

// All bodies of a node take all that any of them captures, in one order.
Status GraphBuilder::JoinCaptures(Node& node, const std::vector<std::unique_ptr<Scope>>& bodies) {
  node.formal_inputs = static_cast<int>(node.inputs.size());
  std::vector<Capture> all;
  for (const auto& body : bodies) all.insert(all.end(), body->captures.begin(), body->captures.end());
  const auto by_outer = [](const Capture& a, const Capture& b) { return a.outer < b.outer; };
  std::stable_sort(all.begin(), all.end(), by_outer);
  all.erase(std::unique(all.begin(), all.end(), [](const Capture& a, const Capture& b) { return a.outer == b.outer; }),
            all.end());
  for (const Capture& capture : all) node.inputs.push_back(capture.outer);
  const Graph& around = bodies.empty() ? model_.graph : *bodies[0]->around->graph;
  for (const auto& body : bodies) {
    std::vector<Capture>& own = body->captures;
    std::stable_sort(own.begin(), own.end(), by_outer);
    size_t next = 0;
    for (const Capture& capture : all) {
      ValueId inner;
      if (next < own.size() && own[next].outer == capture.outer) {
        inner = own[next++].inner;
      } else {
        const Value& outer = around.values[capture.outer];
        WEBINFER_ASSIGN(inner, AddValue(*body->graph, outer.name, outer.type));
      }
      body->graph->inputs.push_back(inner);
    }
  }
  return OkStatus();
}

Status GraphBuilder::Build(std::span<const Bytes> graph_protos) {
  Scope scope;
  scope.graph = &model_.graph;
  scope.imports = &model_.opsets;
  WEBINFER_TRY(DeclareGraph(scope, graph_protos));
  WEBINFER_TRY(BuildNodes(scope));
  return BuildOutputs(scope, graph_protos);
}

}  // namespace webinfer::onnx
