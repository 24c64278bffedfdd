// Puts what goes before a pointwise convolution into it: a Concat of channels, whose parts it then reads where they are, and a
// factor per channel (squeeze and excitation). A pool between Concat and convolution goes to the parts.
#include <algorithm>
#include <numeric>

#include "ops/nn/fused.h"
#include "passes/editor.h"
#include "passes/match.h"

namespace webinfer {

namespace {

constexpr size_t kData = 0, kWeight = 1, kFactors = 4;
constexpr int64_t kLeastDepth = 8;  // channels that the parts have in common: a tap of less does not keep a tile busy
constexpr int64_t kMostTaps = 64;

bool IsFloat32(const Editor& editor, ValueId id) { return editor.Info(id).dtype == DType::kFloat32; }

bool All(std::span<const int64_t> values, int64_t wanted) {
  return std::all_of(values.begin(), values.end(), [wanted](int64_t value) { return value == wanted; });
}

// Takes a value of each pixel to a value of the same pixel, and has no input of this pass yet.
bool IsPointwise(const Editor& editor, const Node& node) {
  if (!node.IsInternal("Conv") || node.inputs.size() > kFactors || node.attributes.Int("group", 1) != 1) return false;
  const Shape& weights = editor.ShapeOf(node.inputs[kWeight]);
  return weights.known() && weights.rank() > 2 && All(weights.dims().subspan(2), 1) && All(node.attributes.Ints("strides"), 1) &&
         All(node.attributes.Ints("pads"), 0) && IsFloat32(editor, node.inputs[kData]) &&
         editor.InputFrom(node, kWeight, "DequantizeLinear") == nullptr;
}

int64_t Channels(const Editor& editor, ValueId id) {
  const Shape& shape = editor.ShapeOf(id);
  return shape.rank_known() && shape.rank() > 0 ? shape[shape.rank() - 1] : kUnknownDim;
}

bool IsLastAxis(const Editor& editor, const Node& node) {
  const int rank = editor.ShapeOf(node.inputs[0]).rank();
  const int64_t axis = node.attributes.Int("axis", 0);
  return rank > 0 && (axis < 0 ? axis + rank : axis) == rank - 1;
}

// The parts of a Concat; those that are all of what a Split made are its input again.
std::vector<ValueId> PartsOf(const Editor& editor, const Node& concat) {
  std::vector<ValueId> parts;
  for (size_t i = 0; i < concat.inputs.size();) {
    const Node* split = editor.Producer(concat.inputs[i]);
    const size_t count = split == nullptr ? 0 : split->outputs.size();
    const bool whole = count > 0 && split->Is("Split") && IsLastAxis(editor, *split) && i + count <= concat.inputs.size() &&
                       std::equal(split->outputs.begin(), split->outputs.end(), concat.inputs.begin() + static_cast<long>(i));
    parts.push_back(whole ? split->inputs[0] : concat.inputs[i]);
    i += whole ? count : 1;
  }
  return parts;
}

bool MayBeRead(const Editor& editor, const std::vector<ValueId>& parts) {
  int64_t depth = 0, channels = 0;
  for (ValueId part : parts) {
    const int64_t here = Channels(editor, part);
    if (here <= 0 || !IsFloat32(editor, part)) return false;
    depth = std::gcd(depth, here);
    channels += here;
  }
  return parts.size() <= static_cast<size_t>(ops::kMostConvParts) && depth >= kLeastDepth && channels / depth <= kMostTaps;
}

// Every reader of the Concat can do without it.
bool OnlyConvolutionsRead(const Editor& editor, ValueId id) {
  if (editor.IsOutput(id)) return false;
  const std::span<Node* const> users = editor.Users(id);
  return std::all_of(users.begin(), users.end(), [&](const Node* user) {
    return IsPointwise(editor, *user) && std::count(user->inputs.begin(), user->inputs.end(), id) == 1 &&
           user->inputs[kData] == id;
  });
}

std::unique_ptr<Node> Copy(const Editor& editor, const Node& node, std::vector<ValueId> inputs) {
  auto copy = editor.Make(node.op, std::move(inputs), node.domain);
  copy->attributes = node.attributes;
  return copy;
}

Status FuseConcat(Editor& editor, Node& node) {
  Node* pool = editor.Producer(node.inputs[kData]);
  const bool pooled = pool != nullptr && (pool->IsInternal("MaxPool") || pool->IsInternal("AveragePool"));
  if (pooled && editor.OnlyUser(pool->outputs[0]) != &node) return OkStatus();
  const Node* concat = editor.InputFrom(pooled ? *pool : node, kData, "Concat");
  if (concat == nullptr || concat->inputs.size() < 2 || !IsLastAxis(editor, *concat)) return OkStatus();
  const ValueId whole = concat->outputs[0];
  if (pooled ? editor.OnlyUser(whole) == nullptr : !OnlyConvolutionsRead(editor, whole)) return OkStatus();
  std::vector<ValueId> parts = PartsOf(editor, *concat);
  if (!MayBeRead(editor, parts)) return OkStatus();
  if (pooled) {
    for (ValueId& part : parts) {
      WEBINFER_ASSIGN(part, editor.Insert(*pool, Copy(editor, *pool, {part})));
    }
  }
  std::vector<ValueId> inputs = node.inputs;
  inputs[kData] = parts[0];
  if (parts.size() > 1) {
    inputs.resize(kFactors + 1, kNoValue);
    inputs.insert(inputs.end(), parts.begin() + 1, parts.end());
  }
  return editor.Become(node, Copy(editor, node, std::move(inputs)));
}

// Shape [N, 1..., C] of an image [N, ..., C].
bool AreFactors(const Editor& editor, ValueId factors, const Shape& image) {
  Shape shape = editor.ShapeOf(factors);
  if (!shape.rank_known() || shape.rank() != image.rank() || editor.Constant(factors) != nullptr) return false;
  for (int i = 1; i + 1 < shape.rank(); ++i) {
    if (shape[i] != 1) return false;
    shape[i] = image[i];
  }
  return SameShape(shape, image);
}

Status FuseFactors(Editor& editor, Node& node) {
  const Node* product = editor.InputFrom(node, kData, "Mul");
  if (product == nullptr || editor.OnlyUser(product->outputs[0]) != &node) return OkStatus();
  const Shape& image = editor.ShapeOf(product->outputs[0]);
  for (size_t i = 0; i < 2; ++i) {
    const ValueId factors = product->inputs[i], x = product->inputs[1 - i];
    if (!AreFactors(editor, factors, image) || !SameShape(editor.ShapeOf(x), image)) continue;
    std::vector<ValueId> inputs = node.inputs;
    inputs.resize(kFactors, kNoValue);
    inputs.push_back(factors);
    inputs[kData] = x;
    return editor.Become(node, Copy(editor, node, std::move(inputs)));
  }
  return OkStatus();
}

Status Run(PassContext& context) {
  for (const auto& node : context.graph.nodes) {
    if (!node->op.empty() && IsPointwise(context.editor, *node)) WEBINFER_TRY(FuseConcat(context.editor, *node));
    if (!node->op.empty() && IsPointwise(context.editor, *node)) WEBINFER_TRY(FuseFactors(context.editor, *node));
  }
  return OkStatus();
}

}  // namespace

}  // namespace webinfer

WEBINFER_PASS(FuseConvInputs, 62) { return {.name = "fuse_conv_inputs", .run = webinfer::Run}; }
