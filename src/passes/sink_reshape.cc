// Moves Reshape below operators that do not care about the axes it renames, so that it meets the next Reshape and merges with
// it, and so that what surrounds it can be fused: elementwise operators with one operand, products with one matrix, and
// operators that work along the last axis when the Reshape keeps that axis.
#include <algorithm>

#include "passes/editor.h"
#include "passes/match.h"
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

Status Sink(Editor& editor, Node& node) {
  const Node* reshape = editor.InputFrom(node, 0, "Reshape");
  // With other readers the operators of a pattern would come apart: some above the Reshape, some below.
  if (reshape == nullptr || editor.Constant(reshape->inputs[1]) == nullptr || editor.OnlyUser(node.inputs[0]) == nullptr) {
    return OkStatus();
  }
  const ValueId source = reshape->inputs[0];
  const Shape from = editor.ShapeOf(source), to = editor.ShapeOf(node.inputs[0]);
  if (!from.rank_known() || !to.rank_known() || !CanSink(editor, node, from, to)) return OkStatus();
  Shape result = from;
  const Shape output = editor.ShapeOf(node.outputs[0]);
  if (IsProduct(editor, node)) result[result.rank() - 1] = output[output.rank() - 1];
  const auto target = ReshapeTarget(result, output);
  if (!target) return OkStatus();
  auto above = editor.Make(node.op, node.inputs, node.domain);
  above->attributes = node.attributes;
  above->inputs[0] = source;
  if (IsAlongLastAxis(node, to.rank())) above->attributes.SetInt("axis", -1);
  WEBINFER_ASSIGN(const ValueId value, editor.Insert(node, std::move(above)));
  WEBINFER_ASSIGN(const ValueId sizes, editor.AddInts(*target));
  return editor.Become(node, editor.Make("Reshape", {value, sizes}));
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

Status Run(PassContext& context) {
  for (const auto& node : context.graph.nodes) {
    if (node->Is("Reshape")) WEBINFER_TRY(LiftOverProduct(context.editor, *node));
    if (!node->op.empty() && !node->inputs.empty()) WEBINFER_TRY(Sink(context.editor, *node));
  }
  return OkStatus();
}

}  // namespace

}  // namespace webinfer

WEBINFER_PASS(SinkReshape, 9) { return {.name = "sink_reshape", .run = webinfer::Run}; }
WEBINFER_PASS(SinkReshapeAgain, 47) { return {.name = "sink_reshape", .run = webinfer::Run}; }
