// Makes chains of operators that only rename a tensor's axes (Reshape, Squeeze, Unsqueeze, Flatten) one Reshape to a constant
// shape, and takes the shape arithmetic away from Reshape and Expand where symbols say what it computes.
#include <optional>

#include "passes/editor.h"
#include "passes/match.h"

namespace webinfer {

namespace {

bool OnlyReshapes(const Node& node) {
  return node.Is("Reshape") || node.Is("Squeeze") || node.Is("Unsqueeze") || node.Is("Flatten");
}

// What a Reshape of `in` needs as its second input to give `out`: sizes, 0 for those that stay, one -1.
std::optional<std::vector<int64_t>> TargetFor(const Shape& in, const Shape& out) {
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

Status MergeReshapes(Editor& editor, Node& node) {
  ValueId source = node.inputs[0];
  while (editor.Producer(source) != nullptr && OnlyReshapes(*editor.Producer(source)))
    source = editor.Producer(source)->inputs[0];
  const bool merged = source != node.inputs[0];
  const bool constant = node.Is("Reshape") && editor.Constant(node.inputs[1]) != nullptr;
  if (!merged && (constant || !node.Is("Reshape"))) return OkStatus();
  if (editor.Info(source).kind != ValueKind::kTensor) return OkStatus();
  const auto target = TargetFor(editor.ShapeOf(source), editor.ShapeOf(node.outputs[0]));
  if (!target) return OkStatus();
  WEBINFER_ASSIGN(const ValueId sizes, editor.AddInts(*target));
  return editor.Become(node, editor.Make("Reshape", {source, sizes}));
}

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

Status Run(PassContext& context) {
  for (const auto& node : context.graph.nodes) {
    if (OnlyReshapes(*node)) WEBINFER_TRY(MergeReshapes(context.editor, *node));
    if (node->Is("Expand")) WEBINFER_TRY(FixExpand(context.editor, *node));
  }
  return OkStatus();
}

}  // namespace

}  // namespace webinfer

WEBINFER_PASS(Reshape, 8) { return {.name = "reshape", .run = webinfer::Run}; }
WEBINFER_PASS(ReshapeAgain, 48) { return {.name = "reshape", .run = webinfer::Run}; }
