// Makes one webinfer.Elementwise node of elementwise operators that feed each other with tensors of one shape: their values
// then stay in registers. Runs last, on what the fusions into contractions have left.
//
// A group grows from its last node towards its inputs: a producer joins if everything that reads its result is in the group
// already, so no value is computed twice and no cycle can arise. Only floats and bools join; integer arithmetic is mostly
// shape arithmetic, which binding wants to see node by node.
#include <algorithm>

#include "ops/math/expression.h"
#include "passes/editor.h"
#include "passes/match.h"

namespace webinfer {

namespace {

constexpr size_t kMostMembers = 24;
constexpr size_t kMostInputs = 8;
constexpr uint8_t kMostInstructions = 64;

bool IsFusedType(DType dtype) {
  return dtype == DType::kFloat32 || dtype == DType::kFloat16 || dtype == DType::kBfloat16 || dtype == DType::kBool;
}

bool MayJoin(const Editor& editor, const Node& node) {
  if (node.def == nullptr || node.def->expression == nullptr || node.outputs.size() != 1 || node.op.empty()) return false;
  if (!IsFusedType(editor.Info(node.outputs[0]).dtype)) return false;
  for (ValueId id : node.inputs) {
    if (id == kNoValue) continue;
    const DType dtype = editor.Info(id).dtype;
    if (!IsFusedType(dtype) && !(node.Is("Cast") && (dtype == DType::kUint8 || dtype == DType::kInt8))) return false;
  }
  return true;
}

class Group {
 public:
  Group(Editor& editor, Node& last) : editor_(editor), shape_(editor.ShapeOf(last.outputs[0])) { members_.push_back(&last); }

  // Takes in producers until none fits. Members stand in reverse order of execution.
  void Grow() {
    for (size_t i = 0; i < members_.size(); ++i) {
      for (ValueId id : members_[i]->inputs) {
        Node* producer = id == kNoValue ? nullptr : editor_.Producer(id);
        if (producer == nullptr || Holds(producer) || members_.size() == kMostMembers || !Fits(*producer)) continue;
        members_.push_back(producer);
        if (Inputs().size() > kMostInputs) members_.pop_back();
      }
    }
  }
  bool Holds(const Node* node) const { return std::find(members_.begin(), members_.end(), node) != members_.end(); }
  size_t size() const { return members_.size(); }

  Status Fuse() {
    ScalarProgram program = {};
    std::vector<ValueId> inputs;
    WEBINFER_ASSIGN(const bool fits, Build(&program, &inputs));
    if (!fits) return OkStatus();
    auto fused = editor_.Make("Elementwise", std::move(inputs), "webinfer");
    ops::WriteProgram(program, &fused->attributes);
    return editor_.Become(*members_[0], std::move(fused));
  }

 private:
  bool Fits(const Node& node) const {
    if (!MayJoin(editor_, node) || editor_.IsOutput(node.outputs[0])) return false;
    if (!SameShape(editor_.ShapeOf(node.outputs[0]), shape_)) return false;
    const std::span<Node* const> users = editor_.Users(node.outputs[0]);
    return std::all_of(users.begin(), users.end(), [this](const Node* user) { return Holds(user); });
  }

  std::vector<ValueId> Inputs() const {
    std::vector<ValueId> inputs;
    for (const Node* member : members_) {
      for (ValueId id : member->inputs) {
        if (id == kNoValue || Holds(editor_.Producer(id)) || ScalarOf(editor_, id)) continue;
        if (std::find(inputs.begin(), inputs.end(), id) == inputs.end()) inputs.push_back(id);
      }
    }
    return inputs;
  }

  // Members by what they read: each after the members it reads from.
  std::vector<Node*> InOrder() const {
    std::vector<Node*> order;
    while (order.size() < members_.size()) {
      for (Node* member : members_) {
        if (std::find(order.begin(), order.end(), member) != order.end()) continue;
        const bool ready = std::all_of(member->inputs.begin(), member->inputs.end(), [&](ValueId id) {
          const Node* producer = id == kNoValue ? nullptr : editor_.Producer(id);
          return !Holds(producer) || std::find(order.begin(), order.end(), producer) != order.end();
        });
        if (ready) order.push_back(member);
      }
    }
    return order;
  }

  // The program value of an operand from outside, read or made once. False if there is no room.
  bool Outside(ValueId id, ScalarProgram* program, std::vector<ValueId>* inputs, uint8_t* value) {
    for (const auto& [known, at] : values_) {
      if (known == id) {
        *value = at;
        return true;
      }
    }
    ScalarType type;
    if (program->size == kMostInstructions || !ScalarTypeOf(editor_.Info(id).dtype, &type)) return false;
    *value = program->size;
    const std::optional<double> number = type == ScalarType::kFloat32 ? ScalarOf(editor_, id) : std::nullopt;
    if (number && program->constant_count < ScalarProgram::kMostConstants / 2) {
      program->constants[program->constant_count] = {*number, 0};
      program->code[program->size++] = {ScalarOp::kConstant, type, program->constant_count++};
    } else {
      if (inputs->size() == ScalarProgram::kMostInputs) return false;
      program->inputs[inputs->size()] = editor_.Info(id).dtype;
      program->code[program->size++] = {ScalarOp::kInput, type, static_cast<uint8_t>(inputs->size())};
      inputs->push_back(id);
    }
    values_.push_back({id, *value});
    return true;
  }

  Result<bool> Build(ScalarProgram* program, std::vector<ValueId>* inputs) {
    for (const Node* member : InOrder()) {
      std::vector<ValueInfo> infos;
      std::vector<uint8_t> bound;
      for (ValueId id : member->inputs) {
        infos.push_back(id == kNoValue ? ValueInfo() : editor_.Info(id));
        bound.push_back(0);
        if (id != kNoValue && !Outside(id, program, inputs, &bound.back())) return false;
      }
      ops::ScalarBuilder builder(*member, infos, program, bound.data());
      member->def->expression(*member, builder);
      WEBINFER_TRY(builder.status());
      if (program->size > kMostInstructions) return false;
      values_.push_back({member->outputs[0], program->result});
    }
    program->input_count = static_cast<uint8_t>(inputs->size());
    // What is left must still broadcast to the result: a constant may have given it its rank.
    return std::any_of(inputs->begin(), inputs->end(), [this](ValueId id) { return SameShape(editor_.ShapeOf(id), shape_); });
  }

  Editor& editor_;
  const Shape shape_;
  std::vector<Node*> members_;
  std::vector<std::pair<ValueId, uint8_t>> values_;
};

Status Run(PassContext& context) {
  Editor& editor = context.editor;
  std::vector<Node*> nodes;
  for (const auto& node : context.graph.nodes) nodes.push_back(node.get());
  for (size_t i = nodes.size(); i-- > 0;) {
    if (nodes[i]->op.empty() || !MayJoin(editor, *nodes[i])) continue;
    Group group(editor, *nodes[i]);
    group.Grow();
    if (group.size() > 1) WEBINFER_TRY(group.Fuse());
  }
  return OkStatus();
}

}  // namespace
}  // namespace webinfer

WEBINFER_PASS(FuseElementwise, 70) { return {.name = "fuse_elementwise", .run = webinfer::Run}; }
