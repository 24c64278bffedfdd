#include "passes/layout_ops.h"

#include <algorithm>
#include <cstring>

namespace webinfer {

namespace {

int RankOf(const Editor& editor, ValueId id) { return editor.ShapeOf(id).rank(); }

bool IsOneElement(const Shape& shape) {
  return shape.rank_known() && std::all_of(shape.begin(), shape.end(), [](int64_t dim) { return dim == 1; });
}

// The axes a node names, normalised; nullopt: not constant. Absent (all axes) gives an empty list and *absent.
std::optional<std::vector<int>> AxesOf(const Editor& editor, const Node& node, size_t input, int rank, bool* absent) {
  std::vector<int64_t> axes;
  *absent = false;
  if (node.HasInput(input)) {
    const SizeElements& elements = editor.Elements(node.inputs[input]);
    const Shape& shape = editor.ShapeOf(node.inputs[input]);
    if (elements.empty() && !(shape.known() && shape.Elements() == 0)) return std::nullopt;
    for (const SizeElement& element : elements) {
      if (!element.known) return std::nullopt;
      axes.push_back(element.value);
    }
  } else if (node.attributes.Has("axes")) {
    const std::span<const int64_t> given = node.attributes.Ints("axes");
    axes.assign(given.begin(), given.end());
  } else {
    *absent = true;
  }
  std::vector<int> normal;
  for (int64_t axis : axes) {
    const Result<int> checked = NormalizeAxis(axis, rank);
    if (!checked.ok()) return std::nullopt;
    normal.push_back(*checked);
  }
  return normal;
}

bool IsReduction(const Node& node) { return node.domain.empty() && node.op.starts_with("Reduce"); }
bool IsArg(const Node& node) { return node.Is("ArgMax") || node.Is("ArgMin"); }

bool AllKnown(const Editor& editor, ValueId id) {
  const SizeElements& elements = editor.Elements(id);
  return !elements.empty() && std::all_of(elements.begin(), elements.end(), [](const SizeElement& e) { return e.known; });
}

LayoutRole ElementwiseRole(const Editor& editor, const Node& node) {
  LayoutRole role;
  for (ValueId id : node.outputs) {
    if (id != kNoValue) role.rank = std::max(role.rank, RankOf(editor, id));
  }
  for (ValueId id : node.outputs) {
    if (id != kNoValue && RankOf(editor, id) != role.rank) return {};
  }
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    if (!node.HasInput(i)) continue;
    const Shape& shape = editor.ShapeOf(node.inputs[i]);
    if (editor.Constant(node.inputs[i]) != nullptr || IsOneElement(shape)) continue;
    if (shape.rank() != role.rank) return {};
    role.inputs.push_back(i);
  }
  role.movable = role.rank > 1;
  return role;
}

// Operators with one data input whose outputs have its rank.
LayoutRole SingleRole(const Editor& editor, const Node& node) {
  LayoutRole role;
  if (!node.HasInput(0)) return role;
  role.rank = RankOf(editor, node.inputs[0]);
  role.inputs = {0};
  role.movable = role.rank > 1;
  for (ValueId id : node.outputs) role.movable &= id == kNoValue || RankOf(editor, id) == role.rank;
  return role;
}

LayoutRole ConcatRole(const Editor& editor, const Node& node) {
  LayoutRole role;
  role.rank = RankOf(editor, node.outputs[0]);
  role.movable = role.rank > 1;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    if (editor.Constant(node.inputs[i]) != nullptr) continue;
    role.movable &= RankOf(editor, node.inputs[i]) == role.rank;
    role.inputs.push_back(i);
  }
  return role;
}

LayoutRole DroppingRole(const Editor& editor, const Node& node) {
  LayoutRole role;
  role.rank = RankOf(editor, node.inputs[0]);
  role.inputs = {0};
  role.drops = true;
  role.movable = role.rank > 1 && node.outputs.size() == 1;
  return role;
}

LayoutRole AxesRole(const Editor& editor, const Node& node, size_t axes_input) {
  bool absent = false;
  if (!node.HasInput(0) || !AxesOf(editor, node, axes_input, std::max(RankOf(editor, node.inputs[0]), 0), &absent)) return {};
  return SingleRole(editor, node);
}

}  // namespace

LayoutRole LayoutRoleOf(const Editor& editor, const Node& node) {
  if (node.op.empty() || node.def == nullptr || !node.bodies.empty() || !node.domain.empty()) return {};
  if (node.Is("Concat")) return ConcatRole(editor, node);
  if (IsReduction(node) || node.Is("Squeeze")) {
    const bool keeps = IsReduction(node) && node.attributes.Int("keepdims", 1) != 0;
    const LayoutRole checked = AxesRole(editor, node, 1);
    bool absent = false;
    if (!keeps && (!node.HasInput(0) || !AxesOf(editor, node, 1, std::max(RankOf(editor, node.inputs[0]), 0), &absent) || absent))
      return {};
    return keeps ? checked : DroppingRole(editor, node);
  }
  if (IsArg(node)) return node.attributes.Int("keepdims", 1) != 0 ? SingleRole(editor, node) : DroppingRole(editor, node);
  if (node.Is("Split") || node.Is("Softmax") || node.Is("LogSoftmax") || node.Is("Hardmax")) return SingleRole(editor, node);
  if (node.Is("QuantizeLinear") || node.Is("DequantizeLinear")) {
    const bool blocked = RankOf(editor, node.inputs[1]) != 0 && RankOf(editor, node.inputs[1]) != 1;
    return blocked ? LayoutRole() : SingleRole(editor, node);
  }
  if (node.Is("Gather"))
    return node.inputs.size() == 2 && RankOf(editor, node.inputs[1]) == 1 ? SingleRole(editor, node) : LayoutRole();
  if (node.Is("Slice")) {
    const bool known = AllKnown(editor, node.inputs[1]) && AllKnown(editor, node.inputs[2]);
    return node.HasInput(3) || known ? AxesRole(editor, node, 3) : LayoutRole();
  }
  if (node.Is("Pad")) return AllKnown(editor, node.inputs[1]) ? AxesRole(editor, node, 3) : LayoutRole();
  if (node.Is("Tile")) return AllKnown(editor, node.inputs[1]) ? SingleRole(editor, node) : LayoutRole();
  if (node.Is("Resize")) return node.HasInput(1) ? LayoutRole() : SingleRole(editor, node);
  return node.def->layout == Layout::kElementwise ? ElementwiseRole(editor, node) : LayoutRole();
}

bool KeepsDroppedOutput(const Editor& editor, const Node& node, const Permutation& perm) {
  std::vector<int> dropped;
  if (IsArg(node)) {
    const Result<int> axis = NormalizeAxis(node.attributes.Int("axis", 0), perm.rank);
    if (!axis.ok()) return false;
    dropped = {*axis};
  } else {
    bool absent = false;
    const auto axes = AxesOf(editor, node, 1, perm.rank, &absent);
    if (!axes) return false;
    dropped = *axes;
  }
  const Shape& shape = editor.ShapeOf(node.inputs[0]);
  int last = -1;
  for (int i = 0; i < perm.rank; ++i) {
    if (std::find(dropped.begin(), dropped.end(), perm[i]) != dropped.end() || shape[perm[i]] == 1) continue;
    if (perm[i] < last) return false;
    last = perm[i];
  }
  // Axes of size 1 that stay must not change places with others either: the output's shape is fixed.
  std::vector<int> rest;
  for (int i = 0; i < perm.rank; ++i) {
    if (std::find(dropped.begin(), dropped.end(), perm[i]) == dropped.end()) rest.push_back(perm[i]);
  }
  for (size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] < rest[i - 1] && shape[rest[i]] != shape[rest[i - 1]]) return false;
  }
  return true;
}

namespace {

Status RenameAxis(Node& node, const Permutation& perm, int64_t otherwise) {
  WEBINFER_ASSIGN(const int axis, NormalizeAxis(node.attributes.Int("axis", otherwise), perm.rank));
  node.attributes.SetInt("axis", perm.NewAxis(axis));
  return OkStatus();
}

Status RenameAxes(Editor& editor, Node& node, const Permutation& perm, size_t input) {
  bool absent = false;
  const auto axes = AxesOf(editor, node, input, perm.rank, &absent);
  if (!axes || absent) return OkStatus();
  std::vector<int64_t> renamed;
  for (int axis : *axes) renamed.push_back(perm.NewAxis(axis));
  if (!node.HasInput(input)) {
    node.attributes.SetInts("axes", std::move(renamed));
    return OkStatus();
  }
  WEBINFER_ASSIGN(const ValueId constant, editor.AddInts(renamed));
  editor.SetInput(node, input, constant);
  return OkStatus();
}

// Per-axis numbers in input `input` (for all axes, `groups` times over) are put in the new order.
Status PermuteList(Editor& editor, Node& node, const Permutation& perm, size_t input, int groups) {
  const SizeElements& elements = editor.Elements(node.inputs[input]);
  std::vector<int64_t> values(elements.size());
  if (values.size() != static_cast<size_t>(perm.rank * groups)) return Error(Code::kInternal, "A list has the wrong length");
  for (int g = 0; g < groups; ++g) {
    for (int i = 0; i < perm.rank; ++i) {
      values[static_cast<size_t>(g * perm.rank + i)] = elements[static_cast<size_t>(g * perm.rank + perm[i])].value;
    }
  }
  WEBINFER_ASSIGN(const ValueId constant, editor.AddInts(values));
  editor.SetInput(node, input, constant);
  return OkStatus();
}

// Gives a Slice without `axes` the input that names them.
Status NameSliceAxes(Editor& editor, Node& node, const Permutation& perm) {
  if (node.HasInput(3)) return RenameAxes(editor, node, perm, 3);
  std::vector<int64_t> axes;
  for (size_t i = 0; i < editor.Elements(node.inputs[1]).size(); ++i) axes.push_back(perm.NewAxis(static_cast<int>(i)));
  WEBINFER_ASSIGN(const ValueId constant, editor.AddInts(axes));
  editor.SetInput(node, 3, constant);
  return OkStatus();
}

// Resize lists scales, sizes and roi in the order of its axes: naming the axes moves nothing else.
void NameResizeAxes(Node& node, const Permutation& perm) {
  std::vector<int64_t> axes;
  if (node.attributes.Has("axes")) {
    for (int64_t axis : node.attributes.Ints("axes")) {
      axes.push_back(perm.NewAxis(static_cast<int>(axis < 0 ? axis + perm.rank : axis)));
    }
  } else {
    for (int i = 0; i < perm.rank; ++i) axes.push_back(perm.NewAxis(i));
  }
  node.attributes.SetInts("axes", std::move(axes));
}

Result<ValueId> PermuteConstant(Editor& editor, ValueId id, const Permutation& perm) {
  const Shape& shape = editor.ShapeOf(id);
  if (IsOneElement(shape)) return id;
  ValueId wide = id;
  if (shape.rank() < perm.rank) {
    std::vector<int64_t> dims(static_cast<size_t>(perm.rank - shape.rank()), 1);
    dims.insert(dims.end(), shape.begin(), shape.end());
    WEBINFER_ASSIGN(const ValueId sizes, editor.AddInts(dims));
    WEBINFER_ASSIGN(wide, editor.Evaluate(editor.Make("Reshape", {id, sizes})));
  }
  auto transpose = editor.Make("Transpose", {wide});
  transpose->attributes.SetInts("perm", perm.ToInts());
  return editor.Evaluate(std::move(transpose));
}

Status PermuteConstants(Editor& editor, Node& node, const Permutation& perm) {
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    if (!node.HasInput(i) || editor.Constant(node.inputs[i]) == nullptr) continue;
    WEBINFER_ASSIGN(const ValueId constant, PermuteConstant(editor, node.inputs[i], perm));
    editor.SetInput(node, i, constant);
  }
  return OkStatus();
}

}  // namespace

Status Permute(Editor& editor, Node& node, const Permutation& perm) {
  if (node.Is("Concat")) {
    WEBINFER_TRY(PermuteConstants(editor, node, perm));
    return RenameAxis(node, perm, 0);
  }
  if (IsReduction(node) || node.Is("Squeeze")) return RenameAxes(editor, node, perm, 1);
  if (IsArg(node) || node.Is("Split") || node.Is("Gather")) return RenameAxis(node, perm, 0);
  if (node.Is("Softmax") || node.Is("LogSoftmax") || node.Is("Hardmax")) return RenameAxis(node, perm, -1);
  if (node.Is("QuantizeLinear") || node.Is("DequantizeLinear")) return RenameAxis(node, perm, 1);
  if (node.Is("Slice")) return NameSliceAxes(editor, node, perm);
  if (node.Is("Pad")) return node.HasInput(3) ? RenameAxes(editor, node, perm, 3) : PermuteList(editor, node, perm, 1, 2);
  if (node.Is("Tile")) return PermuteList(editor, node, perm, 1, 1);
  if (node.Is("Resize")) {
    NameResizeAxes(node, perm);
    return OkStatus();
  }
  return PermuteConstants(editor, node, perm);
}

}  // namespace webinfer
