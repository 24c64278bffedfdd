// Finds channel shuffles (an axis split in two, the halves exchanged, merged again) and makes them a Gather along that axis,
// which layouts can move where a Reshape would stop them.
#include <optional>

#include "passes/editor.h"
#include "passes/match.h"
#include "passes/permutation.h"

namespace webinfer {

namespace {

// The axis that `split` (one axis more than `whole`) has in two.
std::optional<int> SplitAxis(const Shape& whole, const Shape& split) {
  if (!whole.rank_known() || split.rank() != whole.rank() + 1) return std::nullopt;
  int axis = 0;
  while (axis < whole.rank() && whole[axis] == split[axis] && whole[axis] != kUnknownDim) ++axis;
  if (axis == whole.rank() || whole[axis] <= 0 || split[axis] <= 0 || split[axis + 1] <= 0) return std::nullopt;
  if (split[axis] * split[axis + 1] != whole[axis]) return std::nullopt;
  for (int i = axis + 1; i < whole.rank(); ++i) {
    if (whole[i] != split[i + 1] || whole[i] == kUnknownDim) return std::nullopt;
  }
  return axis;
}

Status Recognize(Editor& editor, Node& node) {
  const Node* transpose = editor.InputFrom(node, 0, "Transpose");
  const Node* reshape = transpose != nullptr ? editor.InputFrom(*transpose, 0, "Reshape") : nullptr;
  if (reshape == nullptr) return OkStatus();
  const ValueId source = reshape->inputs[0];
  const Shape whole = editor.ShapeOf(source), split = editor.ShapeOf(transpose->inputs[0]);
  const auto axis = SplitAxis(whole, split);
  const auto perm = PermutationOf(*transpose, split.rank());
  if (!axis || !perm || !SameShape(whole, editor.ShapeOf(node.outputs[0]))) return OkStatus();
  for (int i = 0; i < split.rank(); ++i) {
    const int expected = i == *axis ? i + 1 : i == *axis + 1 ? i - 1 : i;
    if ((*perm)[i] != expected) return OkStatus();
  }
  std::vector<int64_t> indices;
  for (int64_t j = 0; j < split[*axis + 1]; ++j) {
    for (int64_t i = 0; i < split[*axis]; ++i) indices.push_back(i * split[*axis + 1] + j);
  }
  WEBINFER_ASSIGN(const ValueId list, editor.AddInts(indices));
  auto gather = editor.Make("Gather", {source, list});
  gather->attributes.SetInt("axis", *axis);
  return editor.Become(node, std::move(gather));
}

Status Run(PassContext& context) {
  for (const auto& node : context.graph.nodes) {
    if (node->Is("Reshape")) WEBINFER_TRY(Recognize(context.editor, *node));
  }
  return OkStatus();
}

}  // namespace

}  // namespace webinfer

WEBINFER_PASS(RecognizeShuffle, 30) { return {.name = "recognize_shuffle", .run = webinfer::Run}; }
