// Merges chains of constants: Mul(Mul(x, a), b) = Mul(x, a b), and the same for Add. After the passes that recognise operators
// by their numbers.
#include <algorithm>

#include "passes/editor.h"
#include "passes/match.h"

namespace webinfer {

namespace {

constexpr int64_t kMostMerged = 1 << 16;  // elements of a constant that merging may make

Status MergeConstants(Editor& editor, Node& node) {
  const auto outer = SplitConstant(editor, node);
  if (!outer || editor.Info(outer->value).dtype != DType::kFloat32) return OkStatus();
  Node* before = editor.Producer(outer->value);
  if (before == nullptr || !before->Is(node.op) || editor.OnlyUser(outer->value) == nullptr) return OkStatus();
  const auto inner = SplitConstant(editor, *before);
  if (!inner) return OkStatus();
  const Result<Shape> merged = Broadcast(editor.ShapeOf(inner->constant), editor.ShapeOf(outer->constant));
  const int64_t most = std::max(editor.ShapeOf(inner->constant).Elements(), editor.ShapeOf(outer->constant).Elements());
  if (!merged.ok() || merged->Elements() > std::max(most, kMostMerged)) return OkStatus();
  WEBINFER_ASSIGN(const ValueId constant, editor.Evaluate(editor.Make(node.op, {inner->constant, outer->constant})));
  return editor.Become(node, editor.Make(node.op, {inner->value, constant}));
}

Status Run(PassContext& context) {
  for (const auto& node : context.graph.nodes) {
    if (node->Is("Mul") || node->Is("Add")) WEBINFER_TRY(MergeConstants(context.editor, *node));
  }
  return OkStatus();
}

}  // namespace

}  // namespace webinfer

WEBINFER_PASS(MergeConstants, 52) { return {.name = "merge_constants", .run = webinfer::Run}; }
