#include "passes/editor.h"

#include <algorithm>
#include <cstring>

#include "passes/fold.h"

namespace webinfer {

Editor::Editor(Model& model, Graph& graph, SymbolTable& symbols, ThreadPool& pool)
    : model_(model), graph_(graph), symbols_(symbols), pool_(pool) {}

Status Editor::Start() {
  inference_ = std::make_unique<Inference>(graph_, symbols_, info_);
  for (const auto& node : graph_.nodes) WEBINFER_TRY(inference_->Infer(*node));
  producers_.clear();
  users_.clear();
  is_output_.clear();
  is_input_.clear();
  Grow();
  for (const auto& node : graph_.nodes) {
    for (ValueId id : node->inputs) AddUse(id, node.get());
    for (ValueId id : node->outputs) {
      if (id != kNoValue) producers_[static_cast<size_t>(id)] = node.get();
    }
  }
  for (ValueId id : graph_.outputs) is_output_[static_cast<size_t>(id)] = true;
  for (ValueId id : graph_.inputs) is_input_[static_cast<size_t>(id)] = true;
  return OkStatus();
}

void Editor::Grow() {
  producers_.resize(graph_.values.size());
  users_.resize(graph_.values.size());
  is_output_.resize(graph_.values.size());
  is_input_.resize(graph_.values.size());
}

void Editor::Finish() {
  std::vector<std::unique_ptr<Node>> order;
  const auto place_all = [&](auto& self, auto& lists, const Node* key) -> void {
    const auto it = lists.find(key);
    if (it == lists.end()) return;
    for (auto& node : it->second) {
      const Node* added = node.get();
      self(self, before_, added);
      if (!node->op.empty()) order.push_back(std::move(node));
      self(self, after_, added);
    }
  };
  place_all(place_all, after_, nullptr);
  for (auto& node : graph_.nodes) {
    const Node* key = node.get();
    place_all(place_all, before_, key);
    if (!node->op.empty()) order.push_back(std::move(node));
    place_all(place_all, after_, key);
  }
  graph_.nodes = std::move(order);
  before_.clear();
  after_.clear();
  for (size_t id = 0; id < users_.size(); ++id) {
    if (users_[id].empty() && !is_output_[id]) graph_.values[id].constant.reset();
  }
}

void Editor::AddUse(ValueId id, Node* node) {
  if (id != kNoValue) users_[static_cast<size_t>(id)].push_back(node);
}

void Editor::DropUse(ValueId id, Node* node) {
  if (id == kNoValue) return;
  std::vector<Node*>& users = users_[static_cast<size_t>(id)];
  if (const auto it = std::find(users.begin(), users.end(), node); it != users.end()) users.erase(it);
}

Node* Editor::InputFrom(const Node& node, size_t i, std::string_view op) const {
  if (!node.HasInput(i)) return nullptr;
  Node* producer = Producer(node.inputs[i]);
  return producer != nullptr && producer->Is(op) ? producer : nullptr;
}

Node* Editor::OnlyUser(ValueId id) const { return Users(id).size() == 1 && !IsOutput(id) ? Users(id)[0] : nullptr; }

std::unique_ptr<Node> Editor::Make(std::string_view op, std::vector<ValueId> inputs, std::string_view domain) const {
  auto node = std::make_unique<Node>();
  node->op = op;
  node->domain = domain;
  node->inputs = std::move(inputs);
  node->def = FindOp(domain, op);
  return node;
}

namespace {

// In a subset build an operator may be missing that nobody needed when the build was made.
Status CheckHasDef(const Node& node) {
  if (node.def != nullptr) return OkStatus();
  return Error(Code::kUnsupported, "A pass needs an operator that this build lacks")
      .Op("%s", node.op.c_str())
      .Hint("Make the subset build again with the options that this session has.");
}

}  // namespace

Result<ValueId> Editor::Adopt(Node& node) {
  WEBINFER_TRY(CheckHasDef(node));
  changed_ = true;
  Grow();
  inference_->Update();
  WEBINFER_TRY(inference_->Infer(node));
  for (ValueId id : node.inputs) AddUse(id, &node);
  for (ValueId id : node.outputs) producers_[static_cast<size_t>(id)] = &node;
  return node.outputs[0];
}

Result<ValueId> Editor::Insert(Node& before, std::unique_ptr<Node> node, int outputs) {
  if (node->name.empty()) node->name = before.name;
  for (int i = 0; i < outputs; ++i) node->outputs.push_back(graph_.AddValue(""));
  Node& added = *before_[&before].emplace_back(std::move(node));
  return Adopt(added);
}

Result<ValueId> Editor::InsertAfter(const Node* after, std::unique_ptr<Node> node) {
  if (node->name.empty() && after != nullptr) node->name = after->name;
  node->outputs.push_back(graph_.AddValue(""));
  Node& added = *after_[after].emplace_back(std::move(node));
  return Adopt(added);
}

Result<ValueId> Editor::Evaluate(std::unique_ptr<Node> node) {
  WEBINFER_TRY(CheckHasDef(*node));
  node->outputs.push_back(graph_.AddValue(""));
  Grow();
  inference_->Update();
  WEBINFER_ASSIGN(std::vector<RuntimeValue> results, EvaluateConstants(*node, info_, model_.strings, pool_));
  if (results.size() != 1 || results[0].kind != ValueKind::kTensor)
    return Error(Code::kInternal, "%s did not evaluate", node->op.c_str());
  return AddConstant(std::make_shared<Tensor>(std::move(results[0].tensor)));
}

ValueId Editor::AddConstant(std::shared_ptr<const Tensor> tensor) {
  const ValueId id = graph_.AddConstant("", std::move(tensor));
  Grow();
  inference_->Update();
  return id;
}

Result<ValueId> Editor::AddInts(std::span<const int64_t> values) {
  WEBINFER_ASSIGN(Tensor tensor, Tensor::Create(DType::kInt64, Shape({static_cast<int64_t>(values.size())})));
  if (!values.empty()) std::memcpy(tensor.buffer.data(), values.data(), values.size_bytes());
  return AddConstant(std::make_shared<Tensor>(std::move(tensor)));
}

Status Editor::Become(Node& node, std::unique_ptr<Node> replacement) {
  WEBINFER_TRY(CheckHasDef(*replacement));
  std::vector<Shape> before;
  for (ValueId id : node.outputs) before.push_back(id == kNoValue ? Shape() : ShapeOf(id));
  SetInputs(node, std::move(replacement->inputs));
  node.op = std::move(replacement->op);
  node.domain = std::move(replacement->domain);
  node.attributes = std::move(replacement->attributes);
  node.def = replacement->def;
  WEBINFER_TRY(inference_->Infer(node));
  // The values are the same as before, so what was known of their sizes stays true.
  for (size_t i = 0; i < before.size(); ++i) {
    if (node.outputs[i] == kNoValue) continue;
    Shape& shape = info_[static_cast<size_t>(node.outputs[i])].shape;
    if (!shape.rank_known()) shape = before[i];
    for (int axis = 0; axis < shape.rank() && shape.rank() == before[i].rank(); ++axis) {
      if (shape[axis] < 0) shape[axis] = before[i][axis];
    }
  }
  return OkStatus();
}

void Editor::SetInput(Node& node, size_t i, ValueId id) {
  std::vector<ValueId> inputs = node.inputs;
  if (inputs.size() <= i) inputs.resize(i + 1, kNoValue);
  inputs[i] = id;
  SetInputs(node, std::move(inputs));
}

void Editor::SetInputs(Node& node, std::vector<ValueId> inputs) {
  changed_ = true;
  std::vector<ValueId> old = std::move(node.inputs);
  for (ValueId id : old) DropUse(id, &node);
  node.inputs = std::move(inputs);
  for (ValueId id : node.inputs) AddUse(id, &node);
  for (ValueId id : old) {
    if (id != kNoValue && Producer(id) != nullptr) RemoveIfDead(*Producer(id));
  }
}

void Editor::DropOutputs(Node& node, size_t first) {
  for (size_t i = first; i < node.outputs.size(); ++i) {
    if (node.outputs[i] != kNoValue) producers_[static_cast<size_t>(node.outputs[i])] = nullptr;
  }
  node.outputs.resize(std::min(node.outputs.size(), first));
}

void Editor::ReplaceUsesBy(Node& user, ValueId from, ValueId to) {
  std::vector<ValueId> inputs = user.inputs;
  std::replace(inputs.begin(), inputs.end(), from, to);
  SetInputs(user, std::move(inputs));
}

void Editor::ReplaceOutput(ValueId from, ValueId to) {
  std::replace(graph_.outputs.begin(), graph_.outputs.end(), from, to);
  is_output_[static_cast<size_t>(from)] = false;
  is_output_[static_cast<size_t>(to)] = true;
  std::swap(graph_.values[static_cast<size_t>(from)].name, graph_.values[static_cast<size_t>(to)].name);
  std::swap(graph_.values[static_cast<size_t>(from)].symbols, graph_.values[static_cast<size_t>(to)].symbols);
}

bool Editor::ReplaceUses(ValueId from, ValueId to) {
  if (IsOutput(from)) {
    if (IsInput(to) || Constant(to) != nullptr || IsOutput(to)) return false;
    ReplaceOutput(from, to);
  }
  changed_ = true;
  std::vector<Node*> users = std::move(users_[static_cast<size_t>(from)]);
  users_[static_cast<size_t>(from)].clear();
  for (Node* user : users) {
    if (const auto it = std::find(user->inputs.begin(), user->inputs.end(), from); it != user->inputs.end()) *it = to;
    AddUse(to, user);
  }
  if (Producer(from) != nullptr) RemoveIfDead(*Producer(from));
  return true;
}

void Editor::RemoveIfDead(Node& node) {
  for (ValueId id : node.outputs) {
    if (id != kNoValue && (!Users(id).empty() || IsOutput(id))) return;
  }
  changed_ = true;
  for (ValueId id : node.outputs) {
    if (id != kNoValue) producers_[static_cast<size_t>(id)] = nullptr;
  }
  std::vector<ValueId> inputs = std::move(node.inputs);
  node.inputs.clear();
  node.outputs.clear();
  node.op.clear();
  for (ValueId id : inputs) DropUse(id, &node);
  for (ValueId id : inputs) {
    if (id != kNoValue && Producer(id) != nullptr) RemoveIfDead(*Producer(id));
  }
}

}  // namespace webinfer
