// Rewrites one graph while keeping who makes and who reads each value, and what is known of it, up to date.
//
// New nodes are put before the node they are made for; nodes nobody reads any more disappear at once with everything only
// they read. Graph::nodes itself changes only in Finish, so a pass may walk over it while it rewrites: a node that has gone
// has an empty `op`, a new one is not met.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "passes/infer.h"
#include "passes/pass.h"

namespace webinfer {

class Editor {
 public:
  Editor(Model& model, Graph& graph, SymbolTable& symbols, ThreadPool& pool);

  // Indexes the graph and infers it.
  Status Start();
  // Brings Graph::nodes into order and frees constants nobody reads.
  void Finish();

  Graph& graph() { return graph_; }
  Node* Producer(ValueId id) const { return producers_[static_cast<size_t>(id)]; }
  // The node that makes input `i` of `node` if it is ai.onnx's `op`, or nullptr.
  Node* InputFrom(const Node& node, size_t i, std::string_view op) const;
  // One entry for each use by a node.
  std::span<Node* const> Users(ValueId id) const { return users_[static_cast<size_t>(id)]; }
  bool IsOutput(ValueId id) const { return is_output_[static_cast<size_t>(id)]; }
  bool IsInput(ValueId id) const { return is_input_[static_cast<size_t>(id)]; }
  // The only reader of `id`, or nullptr if there are more, none, or it is a graph output.
  Node* OnlyUser(ValueId id) const;
  const Tensor* Constant(ValueId id) const { return graph_.Constant(id); }
  const ValueInfo& Info(ValueId id) const { return info_[static_cast<size_t>(id)]; }
  const Shape& ShapeOf(ValueId id) const { return Info(id).shape; }
  const SizeElements& Elements(ValueId id) const { return inference_->elements(id); }

  // A node of the operator, with its `def`, not yet part of the graph.
  std::unique_ptr<Node> Make(std::string_view op, std::vector<ValueId> inputs, std::string_view domain = "") const;
  // Puts `node` before `before`, gives it `outputs` fresh outputs and infers them. Returns the first.
  Result<ValueId> Insert(Node& before, std::unique_ptr<Node> node, int outputs = 1);
  // The same behind `after`, or in front of all nodes if that is nullptr.
  Result<ValueId> InsertAfter(const Node* after, std::unique_ptr<Node> node);
  // The same, evaluated at once: all inputs are constants.
  Result<ValueId> Evaluate(std::unique_ptr<Node> node);
  ValueId AddConstant(std::shared_ptr<const Tensor> tensor);
  Result<ValueId> AddInts(std::span<const int64_t> values);

  // `node` becomes another operator: `replacement`'s operator, inputs, attributes; its outputs stay, inferred anew.
  Status Become(Node& node, std::unique_ptr<Node> replacement);
  // `node` reads other values; outputs are not inferred anew.
  void SetInput(Node& node, size_t i, ValueId id);
  void SetInputs(Node& node, std::vector<ValueId> inputs);
  // The node makes no outputs from `first` on any more; nobody reads them.
  void DropOutputs(Node& node, size_t first);
  Status Infer(const Node& node) { return inference_->Infer(node); }
  // The uses of `from` by `user` become uses of `to`.
  void ReplaceUsesBy(Node& user, ValueId from, ValueId to);
  // Graph outputs that are `from` become `to`.
  void ReplaceOutput(ValueId from, ValueId to);
  // Readers of `from` read `to`; the producer of `from` goes if nobody reads it any more. Refused (false) if `from` is a
  // graph output and `to` cannot be one in its place (an input, a constant, or an output already).
  bool ReplaceUses(ValueId from, ValueId to);
  // Removes the node if none of its outputs is read.
  void RemoveIfDead(Node& node);
  bool changed() const { return changed_; }
  void ResetChanged() { changed_ = false; }

 private:
  void AddUse(ValueId id, Node* node);
  void DropUse(ValueId id, Node* node);
  void Grow();
  Result<ValueId> Adopt(Node& node);

  Model& model_;
  Graph& graph_;
  SymbolTable& symbols_;
  ThreadPool& pool_;
  GraphInfo info_;
  std::unique_ptr<Inference> inference_;
  std::vector<Node*> producers_;
  std::vector<std::vector<Node*>> users_;
  std::vector<bool> is_output_, is_input_;
  std::unordered_map<const Node*, std::vector<std::unique_ptr<Node>>> before_, after_;  // the key
  bool changed_ = false;
};

}  // namespace webinfer
