// Puts what follows a matrix product or a convolution into it: a factor per channel into its weights (what is left of batch
// normalisation), a bias, a residual, an activation; and what goes before: padding, a transposed right-hand side.
// The forms it makes and their epilogue are those of ops/nn/fused.h.
#include <cmath>

#include "passes/editor.h"
#include "passes/match.h"
#include "passes/permutation.h"

namespace webinfer {

namespace {

enum Operand : size_t { kData = 0, kWeight = 1, kBias = 2, kResidual = 3 };

bool IsConvolution(const Node& node) { return node.IsInternal("Conv") || node.IsInternal("ConvTranspose"); }

bool IsContraction(const Editor& editor, const Node& node) {
  if (node.outputs.size() != 1 || editor.Info(node.outputs[0]).dtype != DType::kFloat32) return false;
  if (node.Is("MatMul") || node.IsInternal("MatMul")) {
    return editor.ShapeOf(node.inputs[0]).rank() >= 2 && editor.ShapeOf(node.inputs[1]).rank() >= 2;
  }
  return IsConvolution(node);
}

bool HasActivation(const Node& node) { return !node.attributes.String("activation", "").empty(); }

// Size of the last axis of the output: channels, columns.
int64_t ChannelsOf(const Editor& editor, const Node& node) {
  const Shape& shape = editor.ShapeOf(node.outputs[0]);
  return shape.rank() < 2 ? kUnknownDim : shape[shape.rank() - 1];
}

// A constant that differs along the last axis only, as a tensor [channels] (or the number itself if `scalar` may stay one).
Result<ValueId> PerChannel(Editor& editor, ValueId id, const Shape& output, int64_t channels) {
  const Shape shape = editor.ShapeOf(id);
  if (!shape.known() || shape.rank() > output.rank() || channels <= 0) return kNoValue;
  const int64_t last = shape.rank() == 0 ? 1 : shape[shape.rank() - 1];
  if (shape.Elements() != last || (last != channels && last != 1)) return kNoValue;
  WEBINFER_ASSIGN(const ValueId sizes, editor.AddInts({&channels, 1}));
  if (last == channels) return shape.rank() == 1 ? Result<ValueId>(id) : editor.Evaluate(editor.Make("Reshape", {id, sizes}));
  const int64_t one = 1;
  WEBINFER_ASSIGN(const ValueId single, editor.AddInts({&one, 1}));
  WEBINFER_ASSIGN(const ValueId flat, editor.Evaluate(editor.Make("Reshape", {id, single})));
  return editor.Evaluate(editor.Make("Expand", {flat, sizes}));
}

// A node like `node` with its operator in the internal domain, to be changed and put in the place of another.
std::unique_ptr<Node> Copy(const Editor& editor, const Node& node) {
  auto copy = editor.Make(node.op, node.inputs, "webinfer");
  copy->attributes = node.attributes;
  return copy;
}

void SetOperand(Node& node, size_t i, ValueId id) {
  if (node.inputs.size() <= i) node.inputs.resize(i + 1, kNoValue);
  node.inputs[i] = id;
}

// Weights times one factor per output channel; kNoValue if their form does not allow it.
Result<ValueId> ScaleWeights(Editor& editor, const Node& node, ValueId factors, int64_t channels) {
  const ValueId weights = node.inputs[kWeight];
  const Shape shape = editor.ShapeOf(weights);
  if (editor.Constant(weights) == nullptr) return kNoValue;
  std::vector<int64_t> dims(static_cast<size_t>(shape.rank()), 1);
  size_t axis = 0;
  if (node.op == "MatMul") {
    axis = static_cast<size_t>(shape.rank() - (node.attributes.Int("transB", 0) != 0 ? 2 : 1));
  } else if (node.op == "ConvTranspose") {
    if (node.attributes.Int("group", 1) != 1) return kNoValue;
    axis = 1;
  }
  dims[axis] = channels;
  WEBINFER_ASSIGN(const ValueId sizes, editor.AddInts(dims));
  WEBINFER_ASSIGN(const ValueId shaped, editor.Evaluate(editor.Make("Reshape", {factors, sizes})));
  return editor.Evaluate(editor.Make("Mul", {weights, shaped}));
}

Result<bool> FuseScale(Editor& editor, const Node& node, Node& user) {
  const auto split = SplitConstant(editor, user);
  if (!split || HasActivation(node) || node.HasInput(kResidual)) return false;
  const int64_t channels = ChannelsOf(editor, node);
  WEBINFER_ASSIGN(const ValueId factors, PerChannel(editor, split->constant, editor.ShapeOf(node.outputs[0]), channels));
  const auto scalar = ScalarOf(editor, split->constant);
  auto fused = Copy(editor, node);
  const bool has_bias = node.HasInput(kBias);
  if (has_bias && (factors == kNoValue || editor.Constant(node.inputs[kBias]) == nullptr)) return false;
  if (node.op == "MatMul" && scalar) {
    fused->attributes.SetFloat("alpha", node.attributes.Float("alpha", 1) * static_cast<float>(*scalar));
  } else {
    if (factors == kNoValue) return false;
    WEBINFER_ASSIGN(const ValueId weights, ScaleWeights(editor, node, factors, channels));
    if (weights == kNoValue) return false;
    SetOperand(*fused, kWeight, weights);
  }
  if (has_bias) {
    WEBINFER_ASSIGN(const ValueId bias, editor.Evaluate(editor.Make("Mul", {node.inputs[kBias], factors})));
    SetOperand(*fused, kBias, bias);
  }
  WEBINFER_TRY(editor.Become(user, std::move(fused)));
  return true;
}

Result<bool> FuseBias(Editor& editor, const Node& node, Node& user) {
  if (HasActivation(node) || node.HasInput(kResidual)) return false;
  const int64_t channels = ChannelsOf(editor, node);
  const auto split = SplitConstant(editor, user);
  ValueId bias = kNoValue;
  if (split) {
    WEBINFER_ASSIGN(bias, PerChannel(editor, split->constant, editor.ShapeOf(node.outputs[0]), channels));
    if (bias == kNoValue) return false;
    if (user.op == "Sub") {
      WEBINFER_ASSIGN(bias, editor.Evaluate(editor.Make("Neg", {bias})));
    }
    if (node.HasInput(kBias)) {
      if (editor.Constant(node.inputs[kBias]) == nullptr) return false;
      WEBINFER_ASSIGN(bias, editor.Evaluate(editor.Make("Add", {node.inputs[kBias], bias})));
    }
  } else {
    if (user.op != "Add" || node.HasInput(kBias) || channels <= 0) return false;
    bias = OtherInput(user, node.outputs[0]);
    const Shape& shape = editor.ShapeOf(bias);
    if (shape.rank() != 1 || shape[0] != channels) return false;
  }
  auto fused = Copy(editor, node);
  SetOperand(*fused, kBias, bias);
  WEBINFER_TRY(editor.Become(user, std::move(fused)));
  return true;
}

Result<bool> FuseResidual(Editor& editor, const Node& node, Node& user) {
  if (user.op != "Add" || node.HasInput(kResidual) || node.op == "ConvTranspose") return false;
  const ValueId other = OtherInput(user, node.outputs[0]);
  if (editor.Info(other).dtype != DType::kFloat32 || !SameShape(editor.ShapeOf(other), editor.ShapeOf(node.outputs[0])))
    return false;
  auto fused = Copy(editor, node);
  SetOperand(*fused, kResidual, other);
  if (HasActivation(node)) fused->attributes.SetInt("activation_first", 1);
  WEBINFER_TRY(editor.Become(user, std::move(fused)));
  return true;
}

// The fused activation that `user` is, with its parameters; empty if it is none.
std::string_view ActivationOf(const Editor& editor, const Node& user, std::vector<float>* params) {
  if (!user.domain.empty()) return "";
  const Attributes& a = user.attributes;
  if (user.op == "Relu" || user.op == "Sigmoid" || user.op == "Tanh" || user.op == "HardSwish") return user.op;
  if (user.op == "LeakyRelu") *params = {a.Float("alpha", 0.01f)};
  if (user.op == "Elu") *params = {a.Float("alpha", 1)};
  if (user.op == "HardSigmoid") *params = {a.Float("alpha", 0.2f), a.Float("beta", 0.5f)};
  if (!params->empty()) return user.op;
  if (user.op == "Swish" && a.Float("alpha", 1) == 1) return "Silu";
  if (user.op == "Gelu" && a.String("approximate", "none") == "none") return "Gelu";
  if (user.op != "Clip") return "";
  for (size_t i = 1; i < 3; ++i) {
    const auto limit = user.HasInput(i) ? ScalarOf(editor, user.inputs[i]) : std::optional<double>(i == 1 ? -INFINITY : INFINITY);
    if (!limit) return "";
    params->push_back(static_cast<float>(*limit));
  }
  return user.op;
}

Result<bool> FuseActivation(Editor& editor, const Node& node, Node& user) {
  std::vector<float> params;
  const std::string_view name = ActivationOf(editor, user, &params);
  if (name.empty() || HasActivation(node)) return false;
  auto fused = Copy(editor, node);
  fused->attributes.SetString("activation", name);
  Attribute list;
  list.name = "activation_params";
  list.kind = Attribute::Kind::kFloats;
  list.floats = std::move(params);
  if (!list.floats.empty()) fused->attributes.Set(std::move(list));
  WEBINFER_TRY(editor.Become(user, std::move(fused)));
  return true;
}

// A scale, a shift or limits behind an activation become its tail: what is left of learned affine blocks.
Result<bool> FuseTail(Editor& editor, const Node& node, Node& user) {
  if (node.attributes.Int("activation_first", 0) != 0) return false;
  if (editor.InputFrom(node, kWeight, "DequantizeLinear") != nullptr) return false;  // integer kernels have no tail
  std::vector<float> tail{1, 0, -INFINITY, INFINITY};
  if (const auto known = node.attributes.Floats("activation_tail"); known.size() == 4) tail.assign(known.begin(), known.end());
  const bool has_limits = tail[2] != -INFINITY || tail[3] != INFINITY;
  const auto split = SplitConstant(editor, user);
  const auto number = split ? ScalarOf(editor, split->constant) : std::nullopt;
  if (!number || !std::isfinite(static_cast<float>(*number))) return false;
  const auto value = static_cast<float>(*number);
  if (user.op == "Max" || user.op == "Min") {
    for (size_t i = 2; i < 4; ++i) tail[i] = user.op == "Max" ? std::fmax(tail[i], value) : std::fmin(tail[i], value);
  } else if (has_limits) {
    return false;
  } else if (user.op == "Mul" || user.op == "Div") {
    if (user.op == "Div" && value == 0) return false;
    for (size_t i = 0; i < 2; ++i) tail[i] = user.op == "Mul" ? tail[i] * value : tail[i] / value;
  } else if (user.op == "Add" || (user.op == "Sub" && user.inputs[0] == node.outputs[0])) {
    tail[1] += user.op == "Add" ? value : -value;
  } else {
    return false;
  }
  auto fused = Copy(editor, node);
  Attribute list;
  list.name = "activation_tail";
  list.kind = Attribute::Kind::kFloats;
  list.floats = std::move(tail);
  fused->attributes.Set(std::move(list));
  WEBINFER_TRY(editor.Become(user, std::move(fused)));
  return true;
}

// The node's only reader takes its place if it can.
Result<bool> FuseUser(Editor& editor, Node& node) {
  Node* user = editor.OnlyUser(node.outputs[0]);
  if (user == nullptr || !user->domain.empty() || user->outputs.size() != 1) return false;
  if (editor.Info(user->outputs[0]).dtype != DType::kFloat32) return false;
  if (!SameShape(editor.ShapeOf(user->outputs[0]), editor.ShapeOf(node.outputs[0]))) return false;
  if (HasActivation(node)) {
    WEBINFER_ASSIGN(const bool fused, FuseTail(editor, node, *user));
    if (fused) return true;
  }
  if (user->op == "Mul") return FuseScale(editor, node, *user);
  if (user->op == "Add" || (user->op == "Sub" && user->inputs[0] == node.outputs[0])) {
    WEBINFER_ASSIGN(const bool fused, FuseBias(editor, node, *user));
    return fused ? Result<bool>(true) : FuseResidual(editor, node, *user);
  }
  return FuseActivation(editor, node, *user);
}

// Zeros padded around the image of a convolution become its own pads.
Status FusePad(Editor& editor, Node& node) {
  const Node* pad = editor.InputFrom(node, kData, "Pad");
  const int rank = editor.ShapeOf(node.inputs[kData]).rank();
  if (pad == nullptr || node.op != "Conv" || rank < 3 || pad->attributes.String("mode", "constant") != "constant")
    return OkStatus();
  const std::string_view auto_pad = node.attributes.String("auto_pad", "NOTSET");
  if (!auto_pad.empty() && auto_pad != "NOTSET" && auto_pad != "VALID") return OkStatus();
  if (pad->HasInput(2) && ScalarOf(editor, pad->inputs[2]) != 0.0) return OkStatus();
  const SizeElements& list = editor.Elements(pad->inputs[1]);
  std::vector<int64_t> axes;
  if (pad->HasInput(3)) {
    for (const SizeElement& axis : editor.Elements(pad->inputs[3])) {
      if (!axis.known) return OkStatus();
      axes.push_back(axis.value < 0 ? axis.value + rank : axis.value);
    }
  } else {
    for (int i = 0; i < rank; ++i) axes.push_back(i);
  }
  if (axes.empty() || list.size() != 2 * axes.size()) return OkStatus();
  const size_t spatial = static_cast<size_t>(rank) - 2;
  std::vector<int64_t> pads(2 * spatial, 0);
  const std::span<const int64_t> own = node.attributes.Ints("pads");
  if (own.size() == pads.size() && auto_pad != "VALID") pads.assign(own.begin(), own.end());
  for (size_t i = 0; i < list.size(); ++i) {
    const int64_t axis = axes[i % axes.size()];
    if (!list[i].known || list[i].value < 0) return OkStatus();
    if (list[i].value == 0) continue;
    if (axis < 1 || axis > static_cast<int64_t>(spatial)) return OkStatus();
    pads[static_cast<size_t>(axis) - 1 + (i < axes.size() ? 0 : spatial)] += list[i].value;
  }
  auto padded = Copy(editor, node);
  padded->attributes.SetInts("pads", std::move(pads));
  padded->attributes.Remove("auto_pad");
  padded->inputs[kData] = pad->inputs[0];
  return editor.Become(node, std::move(padded));
}

// A right-hand side that was transposed in its last two axes is read as it was.
Status FuseTranspose(Editor& editor, Node& node) {
  const Node* transpose = editor.InputFrom(node, kWeight, "Transpose");
  if (node.op != "MatMul" || transpose == nullptr) return OkStatus();
  const int rank = editor.ShapeOf(transpose->inputs[0]).rank();
  const auto perm = PermutationOf(*transpose, rank);
  if (!perm || rank < 2 || (*perm)[rank - 2] != rank - 1) return OkStatus();
  // What else the Transpose does to the axes in front stays a Transpose, which keeps the last axis and is cheap.
  Permutation rest = *perm;
  std::swap(rest.axes[rank - 2], rest.axes[rank - 1]);
  auto fused = Copy(editor, node);
  fused->attributes.SetInt("transB", node.attributes.Int("transB", 0) == 0);
  if (rest.IsIdentity()) {
    fused->inputs[kWeight] = transpose->inputs[0];
  } else {
    if (editor.OnlyUser(node.inputs[kWeight]) == nullptr) return OkStatus();
    auto remaining = editor.Make("Transpose", {transpose->inputs[0]});
    remaining->attributes.SetInts("perm", rest.ToInts());
    WEBINFER_ASSIGN(fused->inputs[kWeight], editor.Insert(node, std::move(remaining)));
  }
  return editor.Become(node, std::move(fused));
}

Status Run(PassContext& context) {
  for (const auto& node : context.graph.nodes) {
    if (node->op.empty() || !IsContraction(context.editor, *node)) continue;
    if (FindOp("webinfer", node->op) == nullptr) continue;
    WEBINFER_TRY(FusePad(context.editor, *node));
    WEBINFER_TRY(FuseTranspose(context.editor, *node));
    WEBINFER_ASSIGN([[maybe_unused]] const bool fused, FuseUser(context.editor, *node));
  }
  return OkStatus();
}

}  // namespace

}  // namespace webinfer

WEBINFER_PASS(FuseContraction, 60) { return {.name = "fuse_contraction", .run = webinfer::Run}; }
