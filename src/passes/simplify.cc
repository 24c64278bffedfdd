// Removes operators that change nothing and merges neighbours that are one operator: identities, casts to the same type,
// neutral constants, whole slices, pads of nothing, transposes of transposes.
#include <algorithm>
#include <cmath>

#include "passes/editor.h"
#include "passes/match.h"
#include "passes/permutation.h"

namespace webinfer {

namespace {

constexpr int64_t kMostMerged = 1 << 16;  // elements of a constant that merging may make

bool KeepsType(const Editor& editor, const Node& node, ValueId in) {
  const ValueInfo &from = editor.Info(in), &to = editor.Info(node.outputs[0]);
  return from.kind == to.kind && from.dtype == to.dtype && (from.kind != ValueKind::kTensor || SameShape(from.shape, to.shape));
}

bool OnlyFirstOutput(const Editor& editor, const Node& node) {
  for (size_t i = 1; i < node.outputs.size(); ++i) {
    const ValueId id = node.outputs[i];
    if (id != kNoValue && (!editor.Users(id).empty() || editor.IsOutput(id))) return false;
  }
  return node.HasOutput(0);
}

// The input that output 0 is a copy of, or kNoValue.
ValueId CopiedInput(const Editor& editor, const Node& node) {
  if (!node.domain.empty() || !node.HasInput(0) || !OnlyFirstOutput(editor, node)) return kNoValue;
  const ValueId in = node.inputs[0];
  if (node.op == "Identity") return in;
  if (node.op == "Dropout") return !node.HasInput(2) || ScalarOf(editor, node.inputs[2]) == 0.0 ? in : kNoValue;
  if (node.op == "Concat" || node.op == "Max" || node.op == "Min" || node.op == "Sum" || node.op == "Mean") {
    return node.inputs.size() == 1 ? in : kNoValue;
  }
  if (node.op == "Transpose") {
    const auto perm = PermutationOf(node, editor.ShapeOf(in).rank());
    return perm && perm->IsIdentity() ? in : kNoValue;
  }
  static constexpr std::string_view kCopiesOfSameType[] = {"Cast",    "Expand",  "Slice",     "Pad",    "Tile",
                                                           "Reshape", "Squeeze", "Unsqueeze", "Flatten"};
  if (std::find(std::begin(kCopiesOfSameType), std::end(kCopiesOfSameType), node.op) != std::end(kCopiesOfSameType)) {
    // A slice that reverses keeps the shape too.
    if (node.op == "Slice" && node.HasInput(4)) {
      for (const SizeElement& step : editor.Elements(node.inputs[4])) {
        if (!step.known || step.value != 1) return kNoValue;
      }
      if (editor.Elements(node.inputs[4]).empty()) return kNoValue;
    }
    // So does a pad that takes away as much as it adds.
    if (node.op == "Pad") {
      const SizeElements& pads = editor.Elements(node.inputs[1]);
      if (pads.empty() || std::any_of(pads.begin(), pads.end(), [](const SizeElement& p) { return !p.known || p.value != 0; }))
        return kNoValue;
    }
    return KeepsType(editor, node, in) ? in : kNoValue;
  }
  const auto split = SplitConstant(editor, node);
  if (!split) return kNoValue;
  const bool sum = node.op == "Add" || node.op == "Sub", product = node.op == "Mul" || node.op == "Div";
  if ((!sum && !product) || !KeepsType(editor, node, split->value)) return kNoValue;
  std::optional<double> value = UniformOf(editor, split->constant);
  if (!value) value = ScalarOf(editor, split->constant);
  return value == (sum ? 0.0 : 1.0) ? split->value : kNoValue;
}

Status MergeTransposes(Editor& editor, Node& node) {
  Node* before = editor.InputFrom(node, 0, "Transpose");
  if (before == nullptr) return OkStatus();
  const int rank = editor.ShapeOf(before->inputs[0]).rank();
  const auto first = PermutationOf(*before, rank), second = PermutationOf(node, rank);
  if (!first || !second) return OkStatus();
  node.attributes.SetInts("perm", first->Then(*second).ToInts());
  editor.SetInput(node, 0, before->inputs[0]);
  return OkStatus();
}

// x / c is x * (1 / c) where that is exact; elsewhere it differs by one unit in the last place, which floats may.
Status DivideByMultiplying(Editor& editor, Node& node) {
  const auto split = SplitConstant(editor, node);
  if (!split || editor.Info(split->constant).dtype != DType::kFloat32) return OkStatus();
  const Tensor* constant = editor.Constant(split->constant);
  if (constant->shape.Elements() > kMostMerged) return OkStatus();
  for (int64_t i = 0; i < constant->shape.Elements(); ++i) {
    if (!std::isnormal(constant->As<float>()[i]) || !std::isnormal(1 / constant->As<float>()[i])) return OkStatus();
  }
  WEBINFER_ASSIGN(const ValueId reciprocal, editor.Evaluate(editor.Make("Reciprocal", {split->constant})));
  return editor.Become(node, editor.Make("Mul", {split->value, reciprocal}));
}

Status ReplacePower(Editor& editor, Node& node) {
  const std::optional<double> exponent = ScalarOf(editor, node.inputs[1]);
  const ValueId x = node.inputs[0];
  if (!exponent || !IsFloat(editor.Info(x).dtype) || !SameShape(editor.ShapeOf(x), editor.ShapeOf(node.outputs[0])))
    return OkStatus();
  if (*exponent == 2) return editor.Become(node, editor.Make("Mul", {x, x}));
  if (*exponent == 0.5) return editor.Become(node, editor.Make("Sqrt", {x}));
  if (*exponent != 3) return OkStatus();
  WEBINFER_ASSIGN(const ValueId square, editor.Insert(node, editor.Make("Mul", {x, x})));
  return editor.Become(node, editor.Make("Mul", {square, x}));
}

Status Simplify(Editor& editor, Node& node) {
  if (const ValueId copied = CopiedInput(editor, node); copied != kNoValue) {
    if (editor.ReplaceUses(node.outputs[0], copied)) return OkStatus();
    return node.op == "Identity" ? OkStatus() : editor.Become(node, editor.Make("Identity", {copied}));
  }
  if (node.Is("Transpose")) return MergeTransposes(editor, node);
  if (node.Is("Pow")) return ReplacePower(editor, node);
  return node.Is("Div") ? DivideByMultiplying(editor, node) : OkStatus();
}

Status Run(PassContext& context) {
  for (const auto& node : context.graph.nodes) {
    if (!node->op.empty()) WEBINFER_TRY(Simplify(context.editor, *node));
  }
  return OkStatus();
}

}  // namespace

}  // namespace webinfer

WEBINFER_PASS(Simplify, 10) { return {.name = "simplify", .run = webinfer::Run}; }
WEBINFER_PASS(SimplifyAgain, 50) { return {.name = "simplify", .run = webinfer::Run}; }
