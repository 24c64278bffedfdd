#include "formats/onnx/writer.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "formats/onnx/schema.h"

namespace webinfer {

using namespace onnx;  // NOLINT: this file is that namespace's other door

namespace {

using Kind = Attribute::Kind;

constexpr uint64_t kProtoLimit = (uint64_t{1} << 31) - 1;
constexpr uint64_t kExternalAlignment = 64;
constexpr uint64_t kSharedBytes = 1024;  // weights from this size on are written once, however many graphs read them

// AttributeProto.AttributeType.
enum class AttributeType : uint8_t { kFloat = 1, kInt, kString, kTensor, kGraph, kFloats, kInts, kStrings, kTypeProto = 13 };

// The newest operator set that runtimes in use know; later ones are asked for only where a node needs them.
constexpr int64_t kLeastOpset = 21, kWidelyKnownOpset = 26;

// Operators whose newest form is of a later set than kLeastOpset; what changed for the others since is types they take.
constexpr std::pair<std::string_view, int64_t> kLaterForms[] = {
    {"Attention", 24},       {"BitCast", 26},          {"CausalConvWithState", 27}, {"CumProd", 26},
    {"LinearAttention", 27}, {"RMSNormalization", 23}, {"RotaryEmbedding", 23},     {"SwiGLU", 28},
    {"Swish", 24},           {"TensorScatter", 24},
};
constexpr std::pair<std::pair<std::string_view, std::string_view>, int64_t> kLaterAttributes[] = {
    {{"Cast", "round_mode"}, 24},          {{"CastLike", "round_mode"}, 24}, {{"DequantizeLinear", "output_dtype"}, 23},
    {{"QuantizeLinear", "precision"}, 23}, {{"Range", "stash_type"}, 27},    {{"SpaceToDepth", "mode"}, 28},
};
// Operators that take more types since kWidelyKnownOpset: a model that asks for a later set keeps it if it has one of them.
constexpr std::string_view kLaterTypes[] = {
    "BitShift",       "Cast",  "Celu",         "Compress",        "DepthToSpace",       "DequantizeLinear",
    "Einsum",         "Mod",   "OneHot",       "Optional",        "OptionalGetElement", "OptionalHasElement",
    "QuantizeLinear", "Range", "ReduceLogSum", "ReduceLogSumExp", "ReverseSequence",    "SpaceToDepth",
    "Unique",
};
// The least IR version of files that ask for an operator set.
constexpr std::pair<int64_t, int64_t> kIrVersions[] = {{22, 10}, {23, 11}, {24, 12}, {27, 13}, {INT64_MAX, 14}};

int64_t OpsetOf(const Node& node, int64_t asked) {
  const bool keeps = std::find(std::begin(kLaterTypes), std::end(kLaterTypes), node.op) != std::end(kLaterTypes);
  int64_t opset = std::max(kLeastOpset, keeps ? asked : std::min(asked, kWidelyKnownOpset));
  for (const auto& [op, since] : kLaterForms) {
    if (op == node.op) opset = std::max(opset, since);
  }
  for (const auto& [form, since] : kLaterAttributes) {
    if (form.first == node.op && node.attributes.Has(form.second)) opset = std::max(opset, since);
  }
  return opset;
}

// Operator sets that the nodes need, by domain.
void CollectOpsets(const Model& model, const Graph& graph, std::map<std::string, int64_t>* opsets) {
  for (const auto& node : graph.nodes) {
    int64_t& version = (*opsets)[node->domain];
    const int64_t asked = model.OpsetOf(node->domain), wanted = node->domain.empty() ? OpsetOf(*node, asked) : asked;
    version = std::max({version, wanted, int64_t{1}});
    for (const auto& body : node->bodies) CollectOpsets(model, *body, opsets);
  }
}

// Names that nothing else in the file has.
class UniqueNames {
 public:
  void Reserve(const std::string& name) { used_.insert(name); }
  std::string Make(const std::string& wanted) {
    std::string name = wanted.empty() ? "value" : wanted;
    if (used_.insert(name).second) return name;
    int& number = numbers_[name];
    for (std::string numbered;;) {
      numbered = name + "_" + std::to_string(++number);
      if (used_.insert(numbered).second) return numbered;
    }
  }

 private:
  std::unordered_set<std::string> used_;
  std::unordered_map<std::string, int> numbers_;  // the last one given, so that many equal names take no many tries
};

class ModelWriter {
 public:
  ModelWriter(const Model& model, const OnnxWriteOptions& options) : model_(model), options_(options) {}

  Status Write(ByteSink& sink, ByteSink* weights);

 private:
  using Names = std::vector<std::string>;  // of a graph's values

  void CountUses(const Graph& graph);
  void NameGraph(const Graph& graph, const Names& captured, bool is_main, Names* names);
  const Value& OutputOf(const Graph& graph, size_t i, bool is_main) const {
    return is_main && !options_.outputs.empty() ? options_.outputs[i] : graph.values[static_cast<size_t>(graph.outputs[i])];
  }
  Status AddGraph(const Graph& graph, const Names& captured, bool is_main, ProtoMessage* proto);
  Status AddNode(const Node& node, const Names& names, ProtoMessage* proto);
  Status AddAttribute(const Node& node, const Attribute& attribute, const Names& names, ProtoMessage* proto);
  Status AddOutputs(const Graph& graph, const Names& names, bool is_main, ProtoMessage* proto);
  Status AddConstants(const Graph& graph, const Names& names, bool is_main, ProtoMessage* proto);
  Status AddTensor(const Tensor& tensor, const std::string& name, bool may_be_external, ProtoMessage* proto);
  ProtoMessage ValueInfo(const std::string& name, const ValueType& type, const std::vector<std::string>& symbols) const;
  ProtoMessage TypeOf(const ValueType& type, const std::vector<std::string>& symbols) const;
  static Status WriteWeights(std::span<const Tensor* const> tensors, ByteSink& sink);

  const Model& model_;
  const OnnxWriteOptions& options_;
  UniqueNames value_names_, node_names_;
  std::unordered_map<const Tensor*, int> graphs_with_;     // how many graphs read a weight
  std::unordered_map<const Tensor*, std::string> shared_;  // the names of those that several read
  std::vector<std::pair<const Tensor*, std::string>> shared_list_;
  std::vector<const Tensor*> external_;
  uint64_t external_at_ = 0;
};

std::vector<bool> ValuesRead(const Graph& graph) {
  std::vector<bool> read(graph.values.size(), false);
  for (const auto& node : graph.nodes) {
    for (ValueId id : node->inputs) {
      if (id != kNoValue) read[static_cast<size_t>(id)] = true;
    }
  }
  for (ValueId id : graph.outputs) read[static_cast<size_t>(id)] = true;
  return read;
}

void ModelWriter::CountUses(const Graph& graph) {
  const std::vector<bool> read = ValuesRead(graph);
  std::unordered_set<const Tensor*> here;
  for (size_t id = 0; id < graph.values.size(); ++id) {
    const Tensor* constant = graph.values[id].constant.get();
    if (read[id] && constant != nullptr && here.insert(constant).second) ++graphs_with_[constant];
  }
  for (const auto& node : graph.nodes) {
    for (const auto& body : node->bodies) CountUses(*body);
  }
}

// The inputs and outputs of the model keep their names. Captured values, which come last among a body's inputs, are those of the
// graph around.
void ModelWriter::NameGraph(const Graph& graph, const Names& captured, bool is_main, Names* names) {
  names->resize(graph.values.size());
  const size_t formal = graph.inputs.size() - captured.size();
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    const auto id = static_cast<size_t>(graph.inputs[i]);
    const std::string& own = graph.values[id].name;
    (*names)[id] = i >= formal ? captured[i - formal] : is_main ? own : value_names_.Make(own);
  }
  for (size_t i = 0; is_main && i < graph.outputs.size(); ++i) {
    const auto id = static_cast<size_t>(graph.outputs[i]);
    if ((*names)[id].empty() && graph.values[id].constant == nullptr) (*names)[id] = OutputOf(graph, i, is_main).name;
  }
  const auto name_value = [&](ValueId id) {
    if (id == kNoValue || !(*names)[static_cast<size_t>(id)].empty()) return;
    const Tensor* constant = graph.values[static_cast<size_t>(id)].constant.get();
    const auto shared = shared_.find(constant);
    (*names)[static_cast<size_t>(id)] = constant != nullptr && shared != shared_.end()
                                            ? shared->second
                                            : value_names_.Make(graph.values[static_cast<size_t>(id)].name);
  };
  for (const auto& node : graph.nodes) {
    for (ValueId id : node->inputs) name_value(id);
    for (ValueId id : node->outputs) name_value(id);
  }
  for (ValueId id : graph.outputs) name_value(id);
}

ProtoMessage ModelWriter::TypeOf(const ValueType& type, const std::vector<std::string>& symbols) const {
  ProtoMessage tensor, proto;
  tensor.Int(type_field::kElemType, static_cast<int64_t>(type.dtype));
  if (type.shape.rank_known()) {
    ProtoMessage shape;
    for (int i = 0; i < type.shape.rank(); ++i) {
      ProtoMessage dim;
      if (type.shape[i] >= 0) {
        dim.Int(type_field::kDimValue, type.shape[i]);
      } else if (static_cast<size_t>(i) < symbols.size() && !symbols[static_cast<size_t>(i)].empty()) {
        dim.Text(type_field::kDimParam, symbols[static_cast<size_t>(i)]);
      }
      shape.Message(type_field::kDim, dim);
    }
    tensor.Message(type_field::kShape, shape);
  }
  proto.Message(type_field::kTensor, tensor);
  const auto wrap = [&](uint32_t outer_field, uint32_t inner_field, ProtoMessage inner) {
    ProtoMessage outer, wrapped;
    if (outer_field == type_field::kMap) outer.Int(type_field::kKeyType, static_cast<int64_t>(type.key));
    outer.Message(inner_field, inner);
    wrapped.Message(outer_field, outer);
    return wrapped;
  };
  if (type.key != DType::kUndefined) proto = wrap(type_field::kMap, type_field::kValueType, std::move(proto));
  if (type.kind == ValueKind::kSequence) proto = wrap(type_field::kSequence, type_field::kElemType, std::move(proto));
  return type.kind == ValueKind::kOptional ? wrap(type_field::kOptional, type_field::kElemType, std::move(proto))
                                           : std::move(proto);
}

ProtoMessage ModelWriter::ValueInfo(const std::string& name, const ValueType& type,
                                    const std::vector<std::string>& symbols) const {
  ProtoMessage info;
  info.Text(value_info_field::kName, name);
  if (type.dtype != DType::kUndefined) info.Message(value_info_field::kType, TypeOf(type, symbols));
  return info;
}

Status ModelWriter::AddTensor(const Tensor& tensor, const std::string& name, bool may_be_external, ProtoMessage* proto) {
  proto->PackedInts(tensor_field::kDims, tensor.shape.dims());
  proto->Int(tensor_field::kDataType, static_cast<int64_t>(tensor.dtype));
  if (!name.empty()) proto->Text(tensor_field::kName, name);
  if (tensor.dtype == DType::kString) {
    for (int64_t i = 0; i < tensor.shape.Elements(); ++i) {
      proto->Text(tensor_field::kStringData, tensor.As<const StringData*>()[i]->view());
    }
    return proto->status();
  }
  const uint64_t bytes = tensor.view().bytes();
  if (!may_be_external || options_.external_location.empty() || bytes < options_.external_bytes) {
    proto->Borrow(tensor_field::kRawData, {tensor.buffer.data(), static_cast<size_t>(bytes)});
    return proto->status();
  }
  const std::pair<const char*, std::string> entries[] = {
      {"location", options_.external_location}, {"offset", std::to_string(external_at_)}, {"length", std::to_string(bytes)}};
  for (const auto& [key, value] : entries) {
    ProtoMessage entry;
    entry.Text(entry_field::kKey, key);
    entry.Text(entry_field::kValue, value);
    proto->Message(tensor_field::kExternalData, entry);
  }
  proto->Int(tensor_field::kDataLocation, 1);
  external_.push_back(&tensor);
  external_at_ += (bytes + kExternalAlignment - 1) / kExternalAlignment * kExternalAlignment;
  return proto->status();
}

Status ModelWriter::AddAttribute(const Node& node, const Attribute& attribute, const Names& names, ProtoMessage* proto) {
  ProtoMessage message;
  AttributeType type{};
  message.Text(attribute_field::kName, attribute.name);
  switch (attribute.kind) {
    case Kind::kInt:
      type = AttributeType::kInt;
      message.Int(attribute_field::kInt, attribute.i);
      break;
    case Kind::kFloat:
      type = AttributeType::kFloat;
      message.Float(attribute_field::kFloat, attribute.f);
      break;
    case Kind::kString:
      type = AttributeType::kString;
      message.Text(attribute_field::kString, attribute.s);
      break;
    case Kind::kInts:
      type = AttributeType::kInts;
      message.PackedInts(attribute_field::kInts, attribute.ints);
      break;
    case Kind::kFloats:
      type = AttributeType::kFloats;
      message.PackedFloats(attribute_field::kFloats, attribute.floats);
      break;
    case Kind::kStrings:
      type = AttributeType::kStrings;
      for (const std::string& text : attribute.strings) message.Text(attribute_field::kStrings, text);
      break;
    case Kind::kTensor: {
      type = AttributeType::kTensor;
      ProtoMessage tensor;
      WEBINFER_TRY(AddTensor(*attribute.tensor, "", false, &tensor));
      message.Message(attribute_field::kTensor, tensor);
      break;
    }
    case Kind::kGraph: {
      type = AttributeType::kGraph;
      Names captured;
      const size_t formal = node.formal_inputs < 0 ? node.inputs.size() : static_cast<size_t>(node.formal_inputs);
      for (size_t i = formal; i < node.inputs.size(); ++i) captured.push_back(names[static_cast<size_t>(node.inputs[i])]);
      ProtoMessage graph;
      WEBINFER_TRY(AddGraph(*node.bodies[static_cast<size_t>(attribute.graph)], captured, false, &graph));
      message.Message(attribute_field::kGraph, graph);
      break;
    }
    case Kind::kTypeProto: {
      type = AttributeType::kTypeProto;
      ValueType value;
      value.dtype = static_cast<DType>(attribute.i);
      value.kind = attribute.s == "sequence"   ? ValueKind::kSequence
                   : attribute.s == "optional" ? ValueKind::kOptional
                                               : ValueKind::kTensor;
      message.Message(attribute_field::kTypeProto, TypeOf(value, {}));
      break;
    }
    case Kind::kNone: return OkStatus();
  }
  message.Int(attribute_field::kType, static_cast<int64_t>(type));
  proto->Message(node_field::kAttribute, message);
  return proto->status();
}

Status ModelWriter::AddNode(const Node& node, const Names& names, ProtoMessage* proto) {
  if (node.domain == "webinfer") {
    return Error(Code::kInternal, "An internal operator cannot be written")
        .Op("webinfer.%s", node.op.c_str())
        .Node("%s", node.name.c_str());
  }
  ProtoMessage message;
  const auto name_of = [&](ValueId id) -> std::string_view {
    return id == kNoValue ? std::string_view() : names[static_cast<size_t>(id)];
  };
  const size_t formal = node.formal_inputs < 0 ? node.inputs.size() : static_cast<size_t>(node.formal_inputs);
  for (size_t i = 0; i < formal; ++i) message.Text(node_field::kInput, name_of(node.inputs[i]));
  for (ValueId id : node.outputs) message.Text(node_field::kOutput, name_of(id));
  if (!node.name.empty()) message.Text(node_field::kName, node_names_.Make(node.name));
  message.Text(node_field::kOpType, node.op);
  if (!node.domain.empty()) message.Text(node_field::kDomain, node.domain);
  for (const Attribute& attribute : node.attributes.all()) WEBINFER_TRY(AddAttribute(node, attribute, names, &message));
  proto->Message(graph_field::kNode, message);
  return proto->status();
}

// What is no node's own result gets a node that makes it one: other runtimes want outputs to be made in their graph.
Status ModelWriter::AddOutputs(const Graph& graph, const Names& names, bool is_main, ProtoMessage* proto) {
  std::vector<bool> made(graph.values.size(), false);
  for (const auto& node : graph.nodes) {
    for (ValueId id : node->outputs) {
      if (id != kNoValue) made[static_cast<size_t>(id)] = true;
    }
  }
  ProtoMessage infos;
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    const auto id = static_cast<size_t>(graph.outputs[i]);
    const Value& value = OutputOf(graph, i, is_main);
    std::string name = names[id];
    const std::string wanted = is_main ? value.name : name;
    if (!made[id] || name != wanted) {
      const std::string source = name;
      name = is_main ? wanted : value_names_.Make(name);
      ProtoMessage identity;
      identity.Text(node_field::kInput, source);
      identity.Text(node_field::kOutput, name);
      identity.Text(node_field::kOpType, "Identity");
      proto->Message(graph_field::kNode, identity);
    }
    made[id] = false;  // an output that is there twice
    infos.Message(graph_field::kOutput, ValueInfo(name, value.type, value.symbols));
  }
  proto->Append(infos);
  return proto->status();
}

Status ModelWriter::AddConstants(const Graph& graph, const Names& names, bool is_main, ProtoMessage* proto) {
  const std::vector<bool> read = ValuesRead(graph);
  std::vector<bool> input(graph.values.size(), false);
  for (ValueId id : graph.inputs) input[static_cast<size_t>(id)] = true;
  const auto add = [&](const Tensor& tensor, const std::string& name) -> Status {
    ProtoMessage message;
    WEBINFER_TRY(AddTensor(tensor, name, true, &message));
    proto->Message(graph_field::kInitializer, message);
    return proto->status();
  };
  for (size_t id = 0; id < graph.values.size(); ++id) {
    const Tensor* constant = graph.values[id].constant.get();
    if (constant == nullptr || (!read[id] && !input[id])) continue;
    if (!input[id] && shared_.contains(constant)) continue;
    WEBINFER_TRY(add(*constant, names[id]));
  }
  if (!is_main) return OkStatus();
  for (const auto& [tensor, name] : shared_list_) WEBINFER_TRY(add(*tensor, name));
  return OkStatus();
}

Status ModelWriter::AddGraph(const Graph& graph, const Names& captured, bool is_main, ProtoMessage* proto) {
  const size_t formal = graph.inputs.size() - captured.size();
  Names names;
  NameGraph(graph, captured, is_main, &names);
  for (const auto& node : graph.nodes) WEBINFER_TRY(AddNode(*node, names, proto));
  proto->Text(graph_field::kName, graph.name.empty() ? "graph" : graph.name);
  WEBINFER_TRY(AddConstants(graph, names, is_main, proto));
  for (size_t i = 0; i < formal; ++i) {
    const Value& value = graph.values[static_cast<size_t>(graph.inputs[i])];
    proto->Message(graph_field::kInput, ValueInfo(names[static_cast<size_t>(graph.inputs[i])], value.type, value.symbols));
  }
  return AddOutputs(graph, names, is_main, proto);
}

Status ModelWriter::WriteWeights(std::span<const Tensor* const> tensors, ByteSink& sink) {
  constexpr uint8_t kZeros[kExternalAlignment] = {};
  for (const Tensor* tensor : tensors) {
    const auto bytes = static_cast<size_t>(tensor->view().bytes());
    WEBINFER_TRY(sink.Write({tensor->buffer.data(), bytes}));
    WEBINFER_TRY(
        sink.Write({kZeros, static_cast<size_t>((kExternalAlignment - bytes % kExternalAlignment) % kExternalAlignment)}));
  }
  return OkStatus();
}

Status ModelWriter::Write(ByteSink& sink, ByteSink* weights) {
  const Graph& main = model_.graph;
  CountUses(main);
  for (ValueId id : main.inputs) value_names_.Reserve(main.values[static_cast<size_t>(id)].name);
  for (size_t i = 0; i < main.outputs.size(); ++i) value_names_.Reserve(OutputOf(main, i, true).name);
  for (const auto& [tensor, graphs] : graphs_with_) {
    if (graphs < 2 || tensor->view().bytes() < kSharedBytes) continue;
    shared_list_.emplace_back(tensor, value_names_.Make("shared_weight"));
    shared_.emplace(tensor, shared_list_.back().second);
  }

  std::map<std::string, int64_t> opsets{{"", 0}};
  CollectOpsets(model_, main, &opsets);
  int64_t& opset = opsets[""];
  opset = std::max({opset, kLeastOpset, std::min(model_.OpsetOf(""), kWidelyKnownOpset)});
  int64_t ir_version = 0;
  for (const auto& [most, version] : kIrVersions) {
    if (ir_version == 0 && opset <= most) ir_version = version;
  }

  ProtoMessage proto, graph;
  proto.Int(model_field::kIrVersion, ir_version);
  proto.Text(model_field::kProducerName, model_.producer);
  if (!model_.description.empty()) proto.Text(model_field::kDocString, model_.description);
  WEBINFER_TRY(AddGraph(main, {}, true, &graph));
  proto.Message(model_field::kGraph, graph);
  for (const auto& [domain, version] : opsets) {
    ProtoMessage import;
    import.Text(opset_field::kDomain, domain);
    import.Int(opset_field::kVersion, version);
    proto.Message(model_field::kOpsetImport, import);
  }
  for (const auto& [key, value] : model_.metadata) {
    ProtoMessage entry;
    entry.Text(entry_field::kKey, key);
    entry.Text(entry_field::kValue, value);
    proto.Message(model_field::kMetadata, entry);
  }
  WEBINFER_TRY(proto.status());
  if (proto.size() > kProtoLimit) {
    return Error(Code::kInvalidArgument, "A model of this size cannot be one file")
        .Expected("at most 2 GB, which is what protocol buffers can hold")
        .Actual("%llu bytes", static_cast<unsigned long long>(proto.size()))
        .Hint("Write its weights to a file of their own (external data).");
  }
  WEBINFER_TRY(proto.WriteTo(sink));
  if (external_.empty()) return OkStatus();
  if (weights == nullptr) return Error(Code::kInvalidArgument, "External weights need a place to go");
  return WriteWeights(external_, *weights);
}

}  // namespace

Status WriteOnnx(const Model& model, const OnnxWriteOptions& options, ByteSink& sink, ByteSink* weights) {
  return ModelWriter(model, options).Write(sink, weights);
}

}  // namespace webinfer
