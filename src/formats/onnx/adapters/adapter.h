// Lifts nodes of old operator sets to the newest form, so that operators know one semantics.
//
// An adapter is a function for one operator and the operator set that ended a form of it. For a node of an older set all
// adapters of its operator run, oldest form first. A file defines WEBINFER_ADAPTER(Name) { return {op, before, lift}; };
// the list of them is generated.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace webinfer::onnx {

class AdapterContext {
 public:
  AdapterContext(Graph& graph, Node& node) : graph_(graph), node_(node) {}

  Graph& graph() { return graph_; }
  Node& node() { return node_; }
  Attributes& attributes() { return node_.attributes; }

  // The constant that input i is, or nullptr.
  const Tensor* Constant(size_t i) const { return node_.HasInput(i) ? graph_.Constant(node_.inputs[i]) : nullptr; }
  // Makes `value` input i; inputs before it that do not exist are left out.
  void SetInput(size_t i, ValueId value);

  // New constants.
  Result<ValueId> Ints(std::span<const int64_t> values);  // int64 [n]
  Result<ValueId> Int(int64_t value);                     // int64 scalar
  Result<ValueId> Float(float value);                     // float32 scalar
  // A scalar of the type that input i has.
  Result<ValueId> FloatLike(float value, size_t i);

  // A new node with one output, which runs before (after) the one that is lifted. `domain` "webinfer" names internal forms.
  ValueId AddBefore(std::string_view op, std::vector<ValueId> inputs, std::string_view domain = "");
  Node& AddAfter(std::string_view op, std::vector<ValueId> inputs, std::vector<ValueId> outputs, std::string_view domain = "");
  // The node added last, to set its attributes.
  Node& Last() { return *last_; }
  // Gives output i of the lifted node a new value and returns the old one, for a node added after it.
  ValueId DetachOutput(size_t i);

  // Moves attribute `name`, a list of integers, to input i if it is there.
  Status IntsToInput(std::string_view name, size_t i);

  std::vector<std::unique_ptr<Node>> before, after;

 private:
  std::unique_ptr<Node> NewNode(std::string_view op, std::string_view domain, std::vector<ValueId> inputs,
                                std::vector<ValueId> outputs);

  Graph& graph_;
  Node& node_;
  Node* last_ = nullptr;
};

struct Adapter {
  std::string_view op;
  int before = 0;  // the first operator set that has the newer form
  Status (*lift)(AdapterContext& context) = nullptr;
  std::string_view domain = "";
};

// Lifts `node` and appends what becomes of it to the graph.
Status AppendLifted(Graph& graph, std::unique_ptr<Node> node);

}  // namespace webinfer::onnx

// Defines an adapter; `Id` is its operator, with the operator set behind it where there is more than one.
#define WEBINFER_ADAPTER(Id) ::webinfer::onnx::Adapter WebinferAdapter_##Id()
