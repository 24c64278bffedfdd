// Makes chains of operators that only rename a tensor's axes (Reshape, Squeeze, Unsqueeze, Flatten) one Reshape to a constant
// shape, and takes the shape arithmetic away from Reshape and Expand where symbols say what it computes.
#include "passes/reshape.h"

#include "passes/editor.h"
#include "passes/match.h"
#include "passes/permutation.h"

namespace webinfer {

std::optional<std::vector<int64_t>> ReshapeTarget(const Shape& in, const Shape& out) {
  if (!in.rank_known() || !out.rank_known()) return std::nullopt;
  std::vector<int64_t> target;
  bool solved = false;
  for (int i = 0; i < out.rank(); ++i) {
    if (out[i] > 0) {
      target.push_back(out[i]);
    } else if (out[i] < kUnknownDim && i < in.rank() && in[i] == out[i]) {
      target.push_back(0);
    } else if (out[i] < 0 && !solved) {
      solved = true;
      target.push_back(-1);
    } else {
      return std::nullopt;
    }
  }
  return target;
}

namespace {

bool OnlyReshapes(const Editor& editor, const Node* node, bool settled) {
  if (node == nullptr) return false;
  if (node->Is("Reshape") || node->Is("Squeeze") || node->Is("Unsqueeze") || node->Is("Flatten")) return true;
  if (!settled || !node->Is("Transpose")) return false;
  const Shape& shape = editor.ShapeOf(node->inputs[0]);
  const auto perm = PermutationOf(*node, shape.rank());
  return perm && perm->KeepsElements(shape);
}

}  // namespace

Status MergeReshapes(Editor& editor, Node& node, bool settled) {
  if (!OnlyReshapes(editor, &node, settled)) return OkStatus();
  ValueId source = node.inputs[0];
  while (OnlyReshapes(editor, editor.Producer(source), settled)) source = editor.Producer(source)->inputs[0];
  const bool merged = source != node.inputs[0];
  if (!merged && node.Is("Reshape") && editor.Constant(node.inputs[1]) != nullptr) return OkStatus();
  if (editor.Info(source).kind != ValueKind::kTensor) return OkStatus();
  const auto target = ReshapeTarget(editor.ShapeOf(source), editor.ShapeOf(node.outputs[0]));
  if (!target) return OkStatus();
  WEBINFER_ASSIGN(const ValueId sizes, editor.AddInts(*target));
  return editor.Become(node, editor.Make("Reshape", {source, sizes}));
}

namespace {

Status FixExpand(Editor& editor, Node& node) {
  if (editor.Constant(node.inputs[1]) != nullptr) return OkStatus();
  const Shape &in = editor.ShapeOf(node.inputs[0]), &out = editor.ShapeOf(node.outputs[0]);
  if (!in.rank_known() || !out.rank_known()) return OkStatus();
  std::vector<int64_t> target;
  for (int i = 0; i < out.rank(); ++i) {
    const int from = i - (out.rank() - in.rank());
    const bool same = from >= 0 && in[from] == out[i] && out[i] != kUnknownDim;
    if (out[i] < 0 && !same) return OkStatus();
    target.push_back(same ? 1 : out[i]);
  }
  WEBINFER_ASSIGN(const ValueId sizes, editor.AddInts(target));
  editor.SetInput(node, 1, sizes);
  return OkStatus();
}

Status Run(PassContext& context, bool settled) {
  for (const auto& node : context.graph.nodes) {
    WEBINFER_TRY(MergeReshapes(context.editor, *node, settled));
    if (node->Is("Expand")) WEBINFER_TRY(FixExpand(context.editor, *node));
  }
  return OkStatus();
}

Status RunBeforeLayout(PassContext& context) { return Run(context, false); }
Status RunAfterLayout(PassContext& context) { return Run(context, true); }

}  // namespace

}  // namespace webinfer

WEBINFER_PASS(Reshape, 8) { return {.name = "reshape", .run = webinfer::RunBeforeLayout}; }
WEBINFER_PASS(ReshapeAgain, 48) { return {.name = "reshape", .run = webinfer::RunAfterLayout}; }
