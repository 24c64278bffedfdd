// Moves Reshape below operators that do not care about the axes it renames, so that it meets the next Reshape and merges with
// it, and so that what surrounds it can be fused: elementwise operators with one operand, products with one matrix,
// products of batches that are reshaped alike, operators that work along axes which the Reshape keeps.
#include <algorithm>

#include "passes/editor.h"
#include "passes/match.h"
#include "passes/permutation.h"
#include "passes/reshape.h"

namespace webinfer {

namespace {

bool KeepsLastAxis(const Shape& from, const Shape& to) {
  return from.rank() > 0 && to.rank() > 0 && from[from.rank() - 1] == to[to.rank() - 1] && to[to.rank() - 1] != kUnknownDim;
}

// Constants beside the operand are of one element, or (`last_axis`) differ along the last axis only.
bool OtherInputsFit(const Editor& editor, const Node& node, bool last_axis) {
  for (size_t i = 1; i < node.inputs.size(); ++i) {
    if (!node.HasInput(i)) continue;
    if (editor.Constant(node.inputs[i]) == nullptr) return false;
    const Shape& shape = editor.ShapeOf(node.inputs[i]);
    if (shape.rank() > 1 || (shape.Elements() != 1 && !last_axis)) return false;
  }
  return true;
}

bool IsAlongLastAxis(const Node& node, int rank) {
  if (node.Is("LayerNormalization") || node.Is("RMSNormalization") || node.Is("Softmax") || node.Is("LogSoftmax")) {
    const int64_t axis = node.attributes.Int("axis", -1);
    return axis == -1 || axis == rank - 1;
  }
  return false;
}

bool IsProduct(const Editor& editor, const Node& node) {
  const bool product = node.Is("MatMul") || (node.IsInternal("MatMul") && node.attributes.Int("transA", 0) == 0);
  return product && editor.ShapeOf(node.inputs[1]).rank() == 2 && !node.HasInput(3);
}

bool CanSink(const Editor& editor, const Node& node, const Shape& from, const Shape& to) {
  if (node.outputs.size() != 1 || node.def == nullptr || !node.bodies.empty()) return false;
  const bool keeps_last = KeepsLastAxis(from, to);
  if (IsProduct(editor, node)) return keeps_last && from.rank() >= 2 && to.rank() >= 2;
  if (IsAlongLastAxis(node, to.rank())) return keeps_last && from.rank() >= 1 && OtherInputsFit(editor, node, true);
  return node.def->layout == Layout::kElementwise && OtherInputsFit(editor, node, keeps_last) &&
         SameShape(editor.ShapeOf(node.outputs[0]), to);
}

// How many trailing axes are the same before and after.
int SameTrailingAxes(const Shape& from, const Shape& to) {
  int count = 0;
  while (count < from.rank() && count < to.rank()) {
    const int64_t dim = from[from.rank() - 1 - count];
    if (dim != to[to.rank() - 1 - count] || dim == kUnknownDim) break;
    ++count;
  }
  return count;
}

// Puts `above`, which gives a value of shape `result`, before `node`, and makes `node` the Reshape of it. Nothing happens if
// that Reshape would need more than a constant.
Status MoveAbove(Editor& editor, Node& node, std::unique_ptr<Node> above, const Shape& result) {
  const auto target = ReshapeTarget(result, editor.ShapeOf(node.outputs[0]));
  if (!target) return OkStatus();
  WEBINFER_ASSIGN(const ValueId value, editor.Insert(node, std::move(above)));
  WEBINFER_ASSIGN(const ValueId sizes, editor.AddInts(*target));
  return editor.Become(node, editor.Make("Reshape", {value, sizes}));
}

// A Transpose among trailing axes that the Reshape keeps.
Status SinkBelowTranspose(Editor& editor, Node& node, ValueId source, const Shape& from, const Shape& to) {
  const auto perm = PermutationOf(node, to.rank());
  if (!perm) return OkStatus();
  int fixed = 0;
  while (fixed < to.rank() && (*perm)[fixed] == fixed) ++fixed;
  const int moved = to.rank() - fixed;
  if (moved == 0 || moved > SameTrailingAxes(from, to)) return OkStatus();
  Permutation above;
  above.rank = from.rank();
  for (int i = 0; i < above.rank; ++i) above.axes[i] = static_cast<int8_t>(i);
  for (int i = 0; i < moved; ++i) {
    above.axes[from.rank() - moved + i] = static_cast<int8_t>((*perm)[fixed + i] - fixed + from.rank() - moved);
  }
  auto transpose = editor.Make("Transpose", {source});
  transpose->attributes.SetInts("perm", above.ToInts());
  return MoveAbove(editor, node, std::move(transpose), above.Apply(from));
}

// A product of two batches of matrices whose batch axes have been reshaped alike.
Status SinkBelowBatches(Editor& editor, Node& node) {
  const Node *left = editor.InputFrom(node, 0, "Reshape"), *right = editor.InputFrom(node, 1, "Reshape");
  if (left == nullptr || right == nullptr) return OkStatus();
  const Shape a = editor.ShapeOf(left->inputs[0]), b = editor.ShapeOf(right->inputs[0]);
  const Shape to_a = editor.ShapeOf(node.inputs[0]), to_b = editor.ShapeOf(node.inputs[1]);
  if (a.rank() < 3 || a.rank() != b.rank() || to_a.rank() < 3 || to_a.rank() != to_b.rank()) return OkStatus();
  if (SameTrailingAxes(a, to_a) < 2 || SameTrailingAxes(b, to_b) < 2) return OkStatus();
  for (int i = 0; i < a.rank() - 2; ++i) {
    if (a[i] != b[i] || a[i] == kUnknownDim) return OkStatus();
  }
  const Shape output = editor.ShapeOf(node.outputs[0]);
  Shape result = a;
  for (int i = 1; i <= 2; ++i) result[result.rank() - i] = output[output.rank() - i];
  auto above = editor.Make(node.op, {left->inputs[0], right->inputs[0]}, node.domain);
  above->attributes = node.attributes;
  return MoveAbove(editor, node, std::move(above), result);
}

// A Reshape that only takes leading axes of size 1 away is nothing to a product whose other side has them.
void SkipLeadingOnes(Editor& editor, Node& node) {
  for (size_t i = 0; i < 2; ++i) {
    const Node* reshape = editor.InputFrom(node, i, "Reshape");
    if (reshape == nullptr) continue;
    const Shape &from = editor.ShapeOf(reshape->inputs[0]), &to = editor.ShapeOf(node.inputs[i]);
    const int dropped = from.rank() - to.rank();
    if (dropped <= 0 || to.rank() < 2 || from.rank() > editor.ShapeOf(node.outputs[0]).rank()) continue;
    if (SameTrailingAxes(from, to) != to.rank() || from.Elements(0, dropped) != 1) continue;
    editor.SetInput(node, i, reshape->inputs[0]);
  }
}

Status Sink(Editor& editor, Node& node) {
  if (node.Is("MatMul")) {
    WEBINFER_TRY(SinkBelowBatches(editor, node));
    if (node.Is("MatMul")) SkipLeadingOnes(editor, node);
  }
  const Node* reshape = editor.InputFrom(node, 0, "Reshape");
  // With other readers the operators of a pattern would come apart: some above the Reshape, some below.
  if (reshape == nullptr || editor.Constant(reshape->inputs[1]) == nullptr || editor.OnlyUser(node.inputs[0]) == nullptr) {
    return OkStatus();
  }
  const ValueId source = reshape->inputs[0];
  const Shape from = editor.ShapeOf(source), to = editor.ShapeOf(node.inputs[0]);
  if (!from.rank_known() || !to.rank_known()) return OkStatus();
  if (node.Is("Transpose")) return SinkBelowTranspose(editor, node, source, from, to);
  if (!CanSink(editor, node, from, to)) return OkStatus();
  Shape result = from;
  const Shape output = editor.ShapeOf(node.outputs[0]);
  if (IsProduct(editor, node)) result[result.rank() - 1] = output[output.rank() - 1];
  auto above = editor.Make(node.op, node.inputs, node.domain);
  above->attributes = node.attributes;
  above->inputs[0] = source;
  if (IsAlongLastAxis(node, to.rank())) above->attributes.SetInt("axis", -1);
  return MoveAbove(editor, node, std::move(above), result);
}

// Reshape(Reshape(x) b), where the outer one keeps the last axis: the rows may as well be arranged before the product.
Status LiftOverProduct(Editor& editor, Node& node) {
  Node* product = editor.Producer(node.inputs[0]);
  if (product == nullptr || editor.OnlyUser(node.inputs[0]) == nullptr || !IsProduct(editor, *product)) return OkStatus();
  const Node* first = editor.InputFrom(*product, 0, "Reshape");
  if (first == nullptr || editor.Constant(node.inputs[1]) == nullptr) return OkStatus();
  const Shape from = editor.ShapeOf(node.inputs[0]), to = editor.ShapeOf(node.outputs[0]);
  if (!to.rank_known() || to.rank() < 2 || !KeepsLastAxis(from, to)) return OkStatus();
  const Shape rows = editor.ShapeOf(product->inputs[0]);
  Shape wanted = to;
  wanted[to.rank() - 1] = rows[rows.rank() - 1];
  const auto target = ReshapeTarget(editor.ShapeOf(first->inputs[0]), wanted);
  if (!target) return OkStatus();
  WEBINFER_ASSIGN(const ValueId sizes, editor.AddInts(*target));
  auto below = editor.Make(product->op, product->inputs, product->domain);
  below->attributes = product->attributes;
  WEBINFER_ASSIGN(below->inputs[0], editor.Insert(node, editor.Make("Reshape", {first->inputs[0], sizes})));
  return editor.Become(node, std::move(below));
}

// A Reshape that has come down may undo the next one.
Status Merge(Editor& editor, Node& node) {
  WEBINFER_TRY(MergeReshapes(editor, node, false));
  if (node.Is("Reshape") && SameShape(editor.ShapeOf(node.inputs[0]), editor.ShapeOf(node.outputs[0]))) {
    editor.ReplaceUses(node.outputs[0], node.inputs[0]);
  }
  return OkStatus();
}

Status Run(PassContext& context) {
  for (const auto& node : context.graph.nodes) {
    WEBINFER_TRY(Merge(context.editor, *node));
    if (node->Is("Reshape")) WEBINFER_TRY(LiftOverProduct(context.editor, *node));
    if (!node->op.empty() && !node->inputs.empty()) WEBINFER_TRY(Sink(context.editor, *node));
  }
  return OkStatus();
}

}  // namespace

}  // namespace webinfer

WEBINFER_PASS(SinkReshape, 9) { return {.name = "sink_reshape", .run = webinfer::Run}; }
WEBINFER_PASS(SinkReshapeAgain, 47) { return {.name = "sink_reshape", .run = webinfer::Run}; }
