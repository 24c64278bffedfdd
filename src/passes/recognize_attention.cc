// Finds softmax(scale q k' + mask) v, with the transposes around it, and makes it webinfer.Attention (ops/nn/fused.h).
#include <optional>

#include "passes/editor.h"
#include "passes/match.h"
#include "passes/permutation.h"

namespace webinfer {

namespace {

constexpr int kDeepest = 4;  // factors and transposes on one operand

bool IsPermutation(const Node& node, int a, int b, int c, int d) {
  const auto perm = node.Is("Transpose") ? PermutationOf(node, 4) : std::nullopt;
  return perm && (*perm)[0] == a && (*perm)[1] == b && (*perm)[2] == c && (*perm)[3] == d;
}

bool SwapsHeadsAndRows(const Node& node) { return IsPermutation(node, 0, 2, 1, 3); }

// The other input of a Mul or Div by a number, whose factor is multiplied into *scale.
ValueId WithoutFactor(const Editor& editor, const Node& node, double* scale) {
  if (!node.Is("Mul") && !node.Is("Div")) return kNoValue;
  const auto split = SplitConstant(editor, node);
  const auto number = split ? ScalarOf(editor, split->constant) : std::nullopt;
  if (!number || *number == 0 || editor.ShapeOf(split->value).rank() != editor.ShapeOf(node.outputs[0]).rank()) return kNoValue;
  *scale *= node.Is("Mul") ? *number : 1 / *number;
  return split->value;
}

// Keys or values whose heads are repeated for groups of queries: the value with each head once, or `id`.
//   [batch, heads, rows, size] -> [batch, heads, 1, rows, size] -> Expand -> [batch, heads, group, rows, size] -> Reshape
// With `transposed`, rows and size are exchanged (and numbers multiplied in) behind the Expand.
ValueId WithoutRepeats(const Editor& editor, ValueId id, bool transposed, double* scale) {
  const Node* merge = editor.Producer(id);
  if (merge == nullptr || !merge->Is("Reshape")) return id;
  double factor = 1;
  ValueId repeated = merge->inputs[0];
  if (transposed) {
    const Node* above = editor.Producer(repeated);
    if (const ValueId inner = above != nullptr ? WithoutFactor(editor, *above, &factor) : kNoValue; inner != kNoValue) {
      repeated = inner;
      above = editor.Producer(inner);
    }
    const auto perm = above != nullptr && above->Is("Transpose") ? PermutationOf(*above, 5) : std::nullopt;
    if (!perm || !(*perm == Permutation{5, {0, 1, 2, 4, 3}})) return id;
    repeated = above->inputs[0];
  }
  const Node* expand = editor.Producer(repeated);
  if (expand == nullptr || !expand->Is("Expand")) return id;
  const Node* split = editor.Producer(expand->inputs[0]);
  if (split == nullptr || !(split->Is("Reshape") || split->Is("Unsqueeze"))) return id;
  const Shape &from = editor.ShapeOf(split->inputs[0]), &one = editor.ShapeOf(expand->inputs[0]);
  const Shape &many = editor.ShapeOf(repeated), &to = editor.ShapeOf(id);
  if (from.rank() != 4 || one.rank() != 5 || many.rank() != 5 || to.rank() != 4 || one[2] != 1 || many[2] <= 0) return id;
  constexpr int kKept[] = {0, 1, 3, 4};
  for (int i = 0; i < 4; ++i) {
    if (from[i] != one[kKept[i]] || from[i] != many[kKept[i]]) return id;
    if (i != 1 && from[i] != to[transposed && i > 1 ? 5 - i : i]) return id;
  }
  if (from[1] <= 0 || to[1] != from[1] * many[2]) return id;
  if (scale != nullptr) *scale *= factor;
  return split->inputs[0];
}

struct Source {
  ValueId id = kNoValue;
  int heads = 1;  // the axis of the heads
};

// What a query or values are made of. `transposed`: a key, whose two last axes are to be found exchanged.
std::optional<Source> SourceOf(const Editor& editor, ValueId id, bool transposed, double* scale) {
  Source source{id, 1};
  for (int i = 0; i < kDeepest; ++i) {
    const Node* node = editor.Producer(source.id);
    if (node == nullptr || node->inputs.empty()) break;
    if (const ValueId inner = scale != nullptr ? WithoutFactor(editor, *node, scale) : kNoValue; inner != kNoValue) {
      source.id = inner;
      continue;
    }
    if (source.heads == 1) {
      if (const ValueId once = WithoutRepeats(editor, source.id, transposed, scale); once != source.id) {
        source.id = once;
        transposed = false;
        continue;
      }
    }
    if (source.heads == 1 && !transposed && SwapsHeadsAndRows(*node)) {
      source.heads = 2;
    } else if (transposed && IsPermutation(*node, 0, 2, 3, 1)) {
      source.heads = 2;
      transposed = false;
    } else if (transposed && IsPermutation(*node, 0, 1, 3, 2)) {
      transposed = false;
    } else {
      break;
    }
    source.id = node->inputs[0];
  }
  if (transposed || editor.ShapeOf(source.id).rank() != 4) return std::nullopt;
  return source;
}

struct Attention {
  Source query, key, value;
  ValueId mask = kNoValue;
  double scale = 1;
};

// The product of queries and keys below the mask and the scale of `scores`.
const Node* ScoresOf(const Editor& editor, ValueId scores, Attention* attention) {
  for (int i = 0; i < kDeepest; ++i) {
    const Node* node = editor.Producer(scores);
    if (node == nullptr || editor.OnlyUser(scores) == nullptr) return nullptr;
    if (node->Is("MatMul")) return node;
    if (node->Is("Add") && attention->mask == kNoValue && attention->scale == 1) {
      // The side that leads to a matrix product is the scores.
      for (size_t side = 0; side < 2; ++side) {
        Attention trial = *attention;
        trial.mask = node->inputs[1 - side];
        const Node* product = ScoresOf(editor, node->inputs[side], &trial);
        if (product == nullptr) continue;
        *attention = trial;
        return product;
      }
      return nullptr;
    }
    scores = WithoutFactor(editor, *node, &attention->scale);
    if (scores == kNoValue) return nullptr;
  }
  return nullptr;
}

// The Softmax whose weights `node` multiplies with values. Exporters replace NaN, the weights of a query all of whose keys are
// masked, by 0, which is what webinfer.Attention gives anyway.
const Node* SoftmaxOf(const Editor& editor, const Node& node) {
  ValueId weights = node.inputs[0];
  const Node* where = editor.InputFrom(node, 0, "Where");
  if (where != nullptr && editor.OnlyUser(weights) != nullptr) {
    const Node* is_nan = editor.InputFrom(*where, 0, "IsNaN");
    const bool guards = is_nan != nullptr && is_nan->inputs[0] == where->inputs[2] && ScalarOf(editor, where->inputs[1]) == 0.0;
    if (!guards || editor.Users(where->inputs[2]).size() != 2 || editor.IsOutput(where->inputs[2])) return nullptr;
    weights = where->inputs[2];
  } else if (editor.OnlyUser(weights) == nullptr) {
    return nullptr;
  }
  const Node* softmax = editor.Producer(weights);
  return softmax != nullptr && softmax->Is("Softmax") ? softmax : nullptr;
}

std::optional<Attention> AttentionOf(const Editor& editor, const Node& node) {
  const Node* softmax = SoftmaxOf(editor, node);
  if (softmax == nullptr || editor.ShapeOf(node.inputs[0]).rank() != 4) return std::nullopt;
  const int64_t axis = softmax->attributes.Int("axis", -1);
  if (axis != -1 && axis != 3) return std::nullopt;
  Attention attention;
  const Node* product = ScoresOf(editor, softmax->inputs[0], &attention);
  if (product == nullptr) return std::nullopt;
  const auto query = SourceOf(editor, product->inputs[0], false, &attention.scale);
  const auto key = SourceOf(editor, product->inputs[1], true, &attention.scale);
  const auto value = SourceOf(editor, node.inputs[1], false, nullptr);
  if (!query || !key || !value) return std::nullopt;
  attention.query = *query;
  attention.key = *key;
  attention.value = *value;
  return attention;
}

// Batches and heads of all three agree, and the mask does not widen the scores.
bool ShapesFit(const Editor& editor, const Attention& a) {
  const Shape &q = editor.ShapeOf(a.query.id), &k = editor.ShapeOf(a.key.id), &v = editor.ShapeOf(a.value.id);
  if (q[0] != k[0] || q[0] != v[0] || q[3] != k[3]) return false;
  const int64_t heads = q[a.query.heads];
  if (heads <= 0 || k[a.key.heads] <= 0 || heads % k[a.key.heads] != 0 || k[a.key.heads] != v[a.value.heads]) return false;
  if (a.mask == kNoValue) return true;
  const Shape scores = {q[0], heads, q[3 - a.query.heads], k[3 - a.key.heads]};
  const Shape& mask = editor.ShapeOf(a.mask);
  if (mask.rank() < 2 || mask.rank() > 4 || editor.Info(a.mask).dtype != DType::kFloat32) return false;
  for (int i = 0; i < mask.rank(); ++i) {
    // A size that only the run knows may be 1 or the scores' own; a known one must not make the scores grow.
    const int64_t dim = scores[4 - mask.rank() + i];
    if (mask[i] != 1 && dim >= 0 && mask[i] != dim && (mask[i] >= 0 || dim == 1)) return false;
  }
  return true;
}

Status Recognize(Editor& editor, Node& node) {
  if (editor.Info(node.outputs[0]).dtype != DType::kFloat32) return OkStatus();
  const auto attention = AttentionOf(editor, node);
  if (!attention || !ShapesFit(editor, *attention)) return OkStatus();
  std::vector<ValueId> inputs = {attention->query.id, attention->key.id, attention->value.id};
  if (attention->mask != kNoValue) inputs.push_back(attention->mask);
  auto fused = editor.Make("Attention", std::move(inputs), "webinfer");
  if (fused->def == nullptr) return OkStatus();
  Node* user = editor.OnlyUser(node.outputs[0]);
  const bool swapped = user != nullptr && SwapsHeadsAndRows(*user);
  fused->attributes.SetFloat("scale", static_cast<float>(attention->scale));
  fused->attributes.SetInt("q_heads", attention->query.heads);
  fused->attributes.SetInt("k_heads", attention->key.heads);
  fused->attributes.SetInt("v_heads", attention->value.heads);
  fused->attributes.SetInt("out_heads", swapped ? 2 : 1);
  return editor.Become(swapped ? *user : node, std::move(fused));
}

Status Run(PassContext& context) {
  for (const auto& node : context.graph.nodes) {
    // The fused operator knows more of its shape than the product it replaces, whose mask might have widened it; what follows
    // (the next layer's attention) is only recognised with that.
    if (context.editor.changed() && !node->op.empty()) WEBINFER_TRY(context.editor.Infer(*node));
    if (node->Is("MatMul")) WEBINFER_TRY(Recognize(context.editor, *node));
  }
  return OkStatus();
}

}  // namespace

}  // namespace webinfer

WEBINFER_PASS(RecognizeAttention, 20) { return {.name = "recognize_attention", .run = webinfer::Run}; }
