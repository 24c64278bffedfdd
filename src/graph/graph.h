// The one graph of webinfer: every format is read into it, every pass rewrites it, every plan is made from it.
//
// Values and nodes are named by index. Nodes stand in execution order (Verify proves it). A body of a control-flow operator
// is a Graph that sees nothing of the graph around it: what it captures are extra inputs of the node and of the body, after
// the formal ones, so every edge is explicit and a body can be planned, optimised and run like any other graph. All bodies of a
// node take all captured values in the node's order; constants are shared with the body instead of captured.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/attributes.h"
#include "tensor/tensor.h"

namespace webinfer {

struct OpDef;  // ops/op.h

using ValueId = int32_t;
inline constexpr ValueId kNoValue = -1;  // an optional input or output that is left out

struct ValueType {
  ValueKind kind = ValueKind::kTensor;
  DType dtype = DType::kUndefined;  // of the tensor, of the elements, or of a map's values
  Shape shape = Shape::UnknownRank();
  DType key = DType::kUndefined;  // of a map; set for a sequence: its elements are maps
};

struct Value {
  std::string name;
  ValueType type;
  std::vector<std::string> symbols;        // names of unknown dims of graph inputs and outputs, "" where none
  std::shared_ptr<const Tensor> constant;  // initializers and folded values
};

struct Graph;

struct Node {
  std::string name;
  std::string domain;  // "" is ai.onnx; "webinfer" holds fused and laid-out forms
  std::string op;
  int opset = 0;  // version of the domain the model asks for
  std::vector<ValueId> inputs, outputs;
  int formal_inputs = -1;  // control flow: inputs before the captured ones; -1: all
  Attributes attributes;
  std::vector<std::unique_ptr<Graph>> bodies;
  const OpDef* def = nullptr;  // resolved by the first pass
  // Weights in the form a kernel reads, made once after the passes (passes/prepare.h): plain bytes, so that they can be stored.
  std::vector<std::shared_ptr<const Buffer>> prepared;

  bool Is(std::string_view op_name) const { return domain.empty() && op == op_name; }
  bool IsInternal(std::string_view op_name) const { return domain == "webinfer" && op == op_name; }
  bool HasInput(size_t i) const { return i < inputs.size() && inputs[i] != kNoValue; }
  bool HasOutput(size_t i) const { return i < outputs.size() && outputs[i] != kNoValue; }
};

struct Graph {
  std::string name;
  std::vector<Value> values;
  std::vector<std::unique_ptr<Node>> nodes;
  std::vector<ValueId> inputs, outputs;

  ValueId AddValue(std::string value_name, ValueType type = {});
  ValueId AddConstant(std::string value_name, std::shared_ptr<const Tensor> tensor);
  Node* AddNode(std::string_view op, std::vector<ValueId> node_inputs, std::vector<ValueId> node_outputs);

  const Tensor* Constant(ValueId id) const { return id == kNoValue ? nullptr : values[id].constant.get(); }
};

// A model as a format reader leaves it.
struct Model {
  Graph graph;
  std::string producer, description;
  int64_t ir_version = 0;
  std::vector<std::pair<std::string, int64_t>> opsets;  // domain, version
  std::vector<std::pair<std::string, std::string>> metadata;
  StringPool strings;  // elements of string constants

  int64_t OpsetOf(std::string_view domain) const;
};

// Puts nodes in execution order; fails on cycles, values made twice or by nobody, ids out of range. Also checks bodies.
Status SortAndVerify(Graph& graph);

// Makes every reader of `from` (nodes and graph outputs) read `to`.
void ReplaceUses(Graph& graph, ValueId from, ValueId to);

// Removes nodes marked by null pointers and nodes none of whose outputs are read.
void RemoveDead(Graph& graph);

// The graph in words, one node a line: for `webinfer inspect`, tests and bug reports.
std::string DumpGraph(const Graph& graph, int indent = 0);

}  // namespace webinfer
