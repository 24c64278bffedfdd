// Finds normalisations over trailing axes that exporters spell out and makes them LayerNormalization or RMSNormalization:
//   d = x - mean(x);  y = d / sqrt(mean(d d) + epsilon) * scale + bias        and the same without mean and bias.
#include <algorithm>
#include <optional>

#include "passes/editor.h"
#include "passes/match.h"

namespace webinfer {

namespace {

struct Norm {
  ValueId x = kNoValue;
  int axis = 0;  // first normalised axis
  double epsilon = 0;
  bool centred = false;
};

// The value whose mean over trailing axes `id` is, and the first of those axes.
struct Mean {
  ValueId of = kNoValue;
  int axis = 0;
};
std::optional<Mean> MeanOf(const Editor& editor, ValueId id) {
  const Node* node = editor.Producer(id);
  if (node == nullptr || !node->Is("ReduceMean") || node->attributes.Int("keepdims", 1) == 0) return std::nullopt;
  const int rank = editor.ShapeOf(node->inputs[0]).rank();
  if (rank <= 0) return std::nullopt;
  std::vector<int> axes;
  if (node->HasInput(1)) {
    for (const SizeElement& element : editor.Elements(node->inputs[1])) {
      if (!element.known) return std::nullopt;
      axes.push_back(static_cast<int>(element.value < 0 ? element.value + rank : element.value));
    }
  }
  std::sort(axes.begin(), axes.end());
  for (size_t i = 0; i < axes.size(); ++i) {
    if (axes[i] != rank - static_cast<int>(axes.size() - i)) return std::nullopt;
  }
  if (axes.empty()) return std::nullopt;
  return Mean{node->inputs[0], axes[0]};
}

// The value whose square `id` is.
ValueId SquareOf(const Editor& editor, ValueId id) {
  const Node* node = editor.Producer(id);
  if (node == nullptr) return kNoValue;
  if (node->Is("Mul") && node->inputs[0] == node->inputs[1]) return node->inputs[0];
  if (node->Is("Pow") && ScalarOf(editor, node->inputs[1]) == 2.0) return node->inputs[0];
  return kNoValue;
}

// `id` is sqrt(mean(v v) + epsilon).
struct Deviation {
  ValueId of = kNoValue;
  int axis = 0;
  double epsilon = 0;
};
std::optional<Deviation> DeviationOf(const Editor& editor, ValueId id) {
  const Node* root = editor.Producer(id);
  if (root == nullptr || !root->Is("Sqrt")) return std::nullopt;
  const Node* add = editor.InputFrom(*root, 0, "Add");
  const auto split = add != nullptr ? SplitConstant(editor, *add) : std::nullopt;
  const auto epsilon = split ? ScalarOf(editor, split->constant) : std::nullopt;
  const auto mean = epsilon ? MeanOf(editor, split->value) : std::nullopt;
  if (!mean) return std::nullopt;
  const ValueId of = SquareOf(editor, mean->of);
  if (of == kNoValue) return std::nullopt;
  return Deviation{of, mean->axis, *epsilon};
}

// `node` divides a value by its deviation.
std::optional<Norm> NormOf(const Editor& editor, const Node& node) {
  std::optional<Deviation> deviation;
  ValueId value = kNoValue;
  if (node.Is("Div")) {
    value = node.inputs[0];
    deviation = DeviationOf(editor, node.inputs[1]);
  } else if (node.Is("Mul")) {
    for (size_t i = 0; i < 2 && !deviation; ++i) {
      const Node* reciprocal = editor.Producer(node.inputs[i]);
      if (reciprocal == nullptr) continue;
      const bool one_over = reciprocal->Is("Div") && ScalarOf(editor, reciprocal->inputs[0]) == 1.0;
      if (!one_over && !reciprocal->Is("Reciprocal")) continue;
      value = node.inputs[1 - i];
      deviation = DeviationOf(editor, reciprocal->inputs[one_over ? 1 : 0]);
    }
  }
  if (!deviation || deviation->of != value) return std::nullopt;
  Norm norm{value, deviation->axis, deviation->epsilon, false};
  const Node* sub = editor.Producer(value);
  if (sub == nullptr || !sub->Is("Sub")) return norm;
  const auto mean = MeanOf(editor, sub->inputs[1]);
  if (mean && mean->of == sub->inputs[0] && mean->axis == norm.axis) {
    norm.x = sub->inputs[0];
    norm.centred = true;
  }
  return norm;
}

// The constant of `node` if it is per element of the normalised axes (further axes of size 1 in front).
std::optional<WithConstant> TrailingConstant(const Editor& editor, const Node& node, const Shape& shape, int axis) {
  const auto split = SplitConstant(editor, node);
  if (!split) return std::nullopt;
  const Shape& constant = editor.ShapeOf(split->constant);
  const int trailing = shape.rank() - axis;
  if (constant.rank() < trailing || constant.rank() > shape.rank()) return std::nullopt;
  for (int i = 1; i <= constant.rank(); ++i) {
    if (constant[constant.rank() - i] != (i <= trailing ? shape[shape.rank() - i] : 1)) return std::nullopt;
  }
  return split;
}

Result<ValueId> Trimmed(Editor& editor, ValueId constant, int rank) {
  const Shape shape = editor.ShapeOf(constant);
  if (shape.rank() == rank) return constant;
  WEBINFER_ASSIGN(const ValueId sizes, editor.AddInts(shape.dims().subspan(static_cast<size_t>(shape.rank() - rank))));
  return editor.Evaluate(editor.Make("Reshape", {constant, sizes}));
}

Result<ValueId> Ones(Editor& editor, DType dtype, std::span<const int64_t> dims) {
  WEBINFER_ASSIGN(Tensor one, Tensor::Create(DType::kFloat32, Shape()));
  *one.As<float>() = 1;
  ValueId value = editor.AddConstant(std::make_shared<Tensor>(std::move(one)));
  if (dtype != DType::kFloat32) {
    auto cast = editor.Make("Cast", {value});
    cast->attributes.SetInt("to", static_cast<int64_t>(dtype));
    WEBINFER_ASSIGN(value, editor.Evaluate(std::move(cast)));
  }
  WEBINFER_ASSIGN(const ValueId sizes, editor.AddInts(dims));
  return editor.Evaluate(editor.Make("Expand", {value, sizes}));
}

Status Recognize(Editor& editor, Node& node) {
  const auto norm = NormOf(editor, node);
  if (!norm) return OkStatus();
  const Shape shape = editor.ShapeOf(norm->x);
  const DType dtype = editor.Info(norm->x).dtype;
  const int trailing = shape.rank() - norm->axis;
  for (int i = norm->axis; i < shape.rank(); ++i) {
    if (shape[i] <= 0) return OkStatus();
  }
  Node* last = &node;
  ValueId scale = kNoValue, bias = kNoValue;
  if (Node* user = editor.OnlyUser(last->outputs[0]); user != nullptr && user->Is("Mul")) {
    if (const auto split = TrailingConstant(editor, *user, shape, norm->axis)) {
      WEBINFER_ASSIGN(scale, Trimmed(editor, split->constant, trailing));
      last = user;
    }
  }
  if (Node* user = editor.OnlyUser(last->outputs[0]); norm->centred && user != nullptr && user->Is("Add")) {
    if (const auto split = TrailingConstant(editor, *user, shape, norm->axis)) {
      WEBINFER_ASSIGN(bias, Trimmed(editor, split->constant, trailing));
      last = user;
    }
  }
  if (editor.Info(last->outputs[0]).dtype != dtype) return OkStatus();
  if (scale == kNoValue) {
    WEBINFER_ASSIGN(scale, Ones(editor, dtype, shape.dims().subspan(static_cast<size_t>(norm->axis))));
  }
  std::vector<ValueId> inputs = {norm->x, scale};
  if (bias != kNoValue) inputs.push_back(bias);
  auto replacement = editor.Make(norm->centred ? "LayerNormalization" : "RMSNormalization", std::move(inputs));
  if (replacement->def == nullptr) return OkStatus();
  replacement->attributes.SetInt("axis", -trailing);
  replacement->attributes.SetFloat("epsilon", static_cast<float>(norm->epsilon));
  return editor.Become(*last, std::move(replacement));
}

Status Run(PassContext& context) {
  for (const auto& node : context.graph.nodes) {
    if (node->Is("Div") || node->Is("Mul")) WEBINFER_TRY(Recognize(context.editor, *node));
  }
  return OkStatus();
}

}  // namespace

}  // namespace webinfer

WEBINFER_PASS(RecognizeNorm, 14) { return {.name = "recognize_norm", .run = webinfer::Run}; }
