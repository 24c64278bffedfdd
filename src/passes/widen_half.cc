// Lets models of float16 and bfloat16 compute in float32 from end to end. Contractions of narrow types are lowered to float32
// with a Cast on either side; here the Cast back moves below what follows, until it meets the next Cast and both go. Results
// are rounded less often than the model says, never more.
#include <algorithm>

#include "passes/editor.h"

namespace webinfer {

namespace {

constexpr int64_t kMostWidened = 1 << 16;  // elements of a constant that is widened; a large one stays 16 bits wide

bool IsHalf(DType dtype) { return dtype == DType::kFloat16 || dtype == DType::kBfloat16; }

// The float32 value that `id` is a narrowed copy of, or kNoValue.
ValueId Widened(const Editor& editor, ValueId id) {
  const Node* cast = editor.Producer(id);
  if (cast == nullptr || !cast->Is("Cast") || editor.Info(cast->inputs[0]).dtype != DType::kFloat32) return kNoValue;
  return cast->inputs[0];
}

bool MayBeWidened(const Node& node) {
  static constexpr std::string_view kOps[] = {"Concat",
                                              "Expand",
                                              "Flatten",
                                              "Gather",
                                              "LayerNormalization",
                                              "Pad",
                                              "RMSNormalization",
                                              "ReduceMax",
                                              "ReduceMean",
                                              "Reshape",
                                              "Resize",
                                              "Slice",
                                              "Softmax",
                                              "Split",
                                              "Squeeze",
                                              "Tile",
                                              "Transpose",
                                              "Unsqueeze"};
  if (node.def == nullptr || !node.bodies.empty() || node.Is("Cast") || node.Is("CastLike")) return false;
  if (node.IsInternal("MaxPool")) return true;
  return node.domain.empty() &&
         (node.def->layout == Layout::kElementwise || std::find(std::begin(kOps), std::end(kOps), node.op) != std::end(kOps));
}

Result<ValueId> CastTo(Editor& editor, ValueId id, DType dtype) {
  auto cast = editor.Make("Cast", {id});
  cast->attributes.SetInt("to", static_cast<int64_t>(dtype));
  return editor.Evaluate(std::move(cast));
}

Status Widen(Editor& editor, Node& node) {
  bool narrowed = false;
  for (ValueId id : node.inputs) {
    if (id == kNoValue || !IsHalf(editor.Info(id).dtype)) continue;
    const Tensor* constant = editor.Constant(id);
    const bool small = constant != nullptr && constant->shape.Elements() <= kMostWidened;
    if (Widened(editor, id) == kNoValue && !small) return OkStatus();
    narrowed |= !small;
  }
  if (!narrowed) return OkStatus();
  for (ValueId id : node.outputs) {
    if (id != kNoValue && !IsHalf(editor.Info(id).dtype)) return OkStatus();
  }
  const DType dtype = editor.Info(node.outputs[0]).dtype;
  auto wide = editor.Make(node.op, node.inputs, node.domain);
  wide->attributes = node.attributes;
  for (ValueId& id : wide->inputs) {
    if (id == kNoValue || !IsHalf(editor.Info(id).dtype)) continue;
    if (editor.Constant(id) != nullptr) {
      WEBINFER_ASSIGN(id, CastTo(editor, id, DType::kFloat32));
    } else {
      id = Widened(editor, id);
    }
  }
  const std::vector<ValueId> outputs = node.outputs;
  WEBINFER_ASSIGN(const ValueId first, editor.Insert(node, std::move(wide), static_cast<int>(outputs.size())));
  const std::vector<ValueId> results = editor.Producer(first)->outputs;
  for (size_t i = 1; i < outputs.size(); ++i) {
    if (outputs[i] == kNoValue || (editor.Users(outputs[i]).empty() && !editor.IsOutput(outputs[i]))) continue;
    auto cast = editor.Make("Cast", {results[i]});
    cast->attributes.SetInt("to", static_cast<int64_t>(dtype));
    WEBINFER_ASSIGN(const ValueId narrow, editor.Insert(node, std::move(cast)));
    if (!editor.ReplaceUses(outputs[i], narrow)) return Error(Code::kInternal, "An output cannot be narrowed");
  }
  auto cast = editor.Make("Cast", {first});
  cast->attributes.SetInt("to", static_cast<int64_t>(dtype));
  editor.DropOutputs(node, 1);
  return editor.Become(node, std::move(cast));
}

Status Run(PassContext& context) {
  Editor& editor = context.editor;
  for (const auto& node : context.graph.nodes) {
    if (node->Is("Cast") && editor.Info(node->outputs[0]).dtype == DType::kFloat32) {
      const ValueId wide = Widened(editor, node->inputs[0]);
      if (wide != kNoValue && IsHalf(editor.Info(node->inputs[0]).dtype)) editor.ReplaceUses(node->outputs[0], wide);
    } else if (MayBeWidened(*node)) {
      WEBINFER_TRY(Widen(editor, *node));
    }
  }
  return OkStatus();
}

}  // namespace

}  // namespace webinfer

WEBINFER_PASS(WidenHalf, 4) { return {.name = "widen_half", .run = webinfer::Run}; }
