// GraphProto -> Graph: names become indices, captured values explicit inputs, functions their nodes, Constant nodes constants.
//
// A Scope is where names are looked up: a graph, a body inside of a node, or a call of a model-local function, whose nodes
// go into the graph around it. Each scope first declares all it defines, then builds its nodes, so the order of a file's
// fields and nodes does not matter. Operators are lifted to their newest form as they are built (adapters/).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "formats/onnx/tensor_reader.h"
#include "graph/graph.h"

namespace webinfer::onnx {

using OpsetImports = std::vector<std::pair<std::string, int64_t>>;  // domain ("" for ai.onnx), version

// Reads an OperatorSetIdProto into `imports`.
Status ReadOpsetImport(Bytes opset_proto, OpsetImports* imports);

class GraphBuilder {
 public:
  GraphBuilder(Model& model, TensorReader& tensors, Budget& budget) : model_(model), tensors_(tensors), budget_(budget) {}

  Status AddFunction(Bytes function_proto);
  // Fills model.graph from all occurrences of ModelProto.graph; protobuf merges them.
  Status Build(std::span<const Bytes> graph_protos);
  // How many nodes of each operator (domain, name) were built.
  const std::map<std::pair<std::string, std::string>, int64_t>& operators() const { return operators_; }

 private:
  struct NodeFields {
    std::string_view name, op, domain, overload;
    std::vector<std::string_view> inputs, outputs;
    std::vector<Bytes> attributes;
  };

  struct Function {
    std::string_view name, domain, overload;
    std::vector<std::string_view> inputs, outputs;
    std::vector<Bytes> nodes, defaults;  // NodeProto; AttributeProto
    OpsetImports imports;
    bool active = false;  // being inlined: functions must not call themselves
  };

  struct Capture {
    ValueId inner, outer;
  };

  struct Scope {
    Graph* graph = nullptr;
    Scope* around = nullptr;  // where a body looks for names it does not define; nullptr for the main graph and calls
    const OpsetImports* imports = nullptr;
    const Attributes* arguments = nullptr;  // of a call: what attribute references mean
    std::string_view call;                  // its node's name
    std::unordered_map<std::string_view, ValueId> names;
    std::unordered_map<std::string_view, ValueId> results;  // of a call: outputs that exist in the graph already
    std::vector<Bytes> nodes;
    std::vector<Capture> captures;
  };

  static Status ReadNodeFields(Bytes node_proto, NodeFields* fields);
  static std::string FunctionKey(std::string_view domain, std::string_view name, std::string_view overload);

  Status DeclareGraph(Scope& scope, std::span<const Bytes> graph_protos);
  Status DeclareInput(Scope& scope, Bytes value_info_proto);
  Status DeclareInitializer(Scope& scope, NamedTensor named);
  Status DeclareNode(Scope& scope, Bytes node_proto);
  Status DeclareConstant(Scope& scope, const NodeFields& fields, ValueId id);
  Result<ValueId> DeclareOutput(Scope& scope, std::string_view name, const NodeFields& fields);
  Status BuildNodes(Scope& scope);
  Status BuildOutputs(Scope& scope, std::span<const Bytes> graph_protos);

  Status BuildNode(Scope& scope, const NodeFields& fields);
  Status BuildBody(Scope& scope, std::span<const Bytes> graph_protos, Node& node, std::vector<std::unique_ptr<Scope>>& bodies);
  Status JoinCaptures(Node& node, const std::vector<std::unique_ptr<Scope>>& bodies);
  Status InlineCall(Scope& scope, const NodeFields& fields, Function& function);

  // `node` takes bodies; without one they are refused.
  Status ReadAttributes(Scope& scope, const NodeFields& fields, Attributes* attributes, Node* node);
  Status ReadAttribute(Bytes attribute_proto, Attribute* attribute, std::vector<Bytes>* graphs, std::string_view* reference);

  Result<ValueId> AddValue(Graph& graph, std::string_view name, ValueType type = {});
  Status AddName(Scope& scope, std::string_view name, ValueId id);
  // kNoValue if no scope knows the name.
  Result<ValueId> Lookup(Scope& scope, std::string_view name);
  Result<ValueId> Resolve(Scope& scope, std::string_view name, const NodeFields* reader);
  Function* FindFunction(const NodeFields& fields);
  bool IsConstant(const Graph& graph, ValueId id) const;

  Model& model_;
  TensorReader& tensors_;
  Budget& budget_;
  std::unordered_map<std::string, std::unique_ptr<Function>> functions_;  // by FunctionKey
  std::unordered_set<ValueId> defaults_;  // of model.graph: inputs with an initializer, which a caller may replace
  std::map<std::pair<std::string, std::string>, int64_t> operators_;
  int depth_ = 0;  // of bodies and calls
};

}  // namespace webinfer::onnx
