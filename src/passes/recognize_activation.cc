// Finds activations that exporters spell out: Swish, HardSigmoid, HardSwish, Softplus, Mish, Gelu with erf and with tanh.
#include <algorithm>
#include <cmath>

#include "passes/editor.h"
#include "passes/match.h"

namespace webinfer {

namespace {

constexpr int kDeepest = 4;  // of a tree of products

// A product of numbers and values: scale * factors[0] * factors[1] * ...
struct Product {
  double scale = 1;
  std::vector<ValueId> factors;
};

// Takes apart the Mul and Div by a number that make `id`; `x` itself is never taken apart.
void Flatten(const Editor& editor, ValueId id, ValueId x, int depth, Product* product) {
  if (const auto scalar = ScalarOf(editor, id)) {
    product->scale *= *scalar;
    return;
  }
  const Node* node = editor.Producer(id);
  if (id == x || depth == 0 || node == nullptr || !node->domain.empty()) {
    product->factors.push_back(id);
    return;
  }
  if (node->op == "Mul") {
    Flatten(editor, node->inputs[0], x, depth - 1, product);
    Flatten(editor, node->inputs[1], x, depth - 1, product);
  } else if (const auto divisor = node->op == "Div" ? ScalarOf(editor, node->inputs[1]) : std::nullopt;
             divisor && *divisor != 0) {
    product->scale /= *divisor;
    Flatten(editor, node->inputs[0], x, depth - 1, product);
  } else {
    product->factors.push_back(id);
  }
}

Product FlattenProduct(const Editor& editor, ValueId id, ValueId x) {
  Product product;
  Flatten(editor, id, x, kDeepest, &product);
  return product;
}

bool IsPower(const Product& product, ValueId x, size_t power, double scale) {
  return product.factors.size() == power && IsNear(product.scale, scale) &&
         std::all_of(product.factors.begin(), product.factors.end(), [&](ValueId id) { return id == x; });
}

// `id` is `value` + number; gives the value.
ValueId PlusNumber(const Editor& editor, ValueId id, double number) {
  const Node* add = editor.Producer(id);
  if (add == nullptr || !add->Is("Add")) return kNoValue;
  for (size_t i = 0; i < 2; ++i) {
    if (IsNear(ScalarOf(editor, add->inputs[i]), number)) return add->inputs[1 - i];
  }
  return kNoValue;
}

const Node* MadeBy(const Editor& editor, ValueId id, std::string_view op) {
  if (id == kNoValue) return nullptr;
  const Node* node = editor.Producer(id);
  return node != nullptr && node->Is(op) ? node : nullptr;
}

// `id` is clip(x + 3, 0, 6); gives x.
ValueId HardGate(const Editor& editor, ValueId id) {
  const Node* clip = MadeBy(editor, id, "Clip");
  if (clip == nullptr || !clip->HasInput(1) || !clip->HasInput(2)) return kNoValue;
  if (ScalarOf(editor, clip->inputs[1]) != 0.0 || ScalarOf(editor, clip->inputs[2]) != 6.0) return kNoValue;
  return PlusNumber(editor, clip->inputs[0], 3);
}

// `id` is HardSigmoid(x) with the slope and offset of HardSwish; gives x.
ValueId HardSigmoidInput(const Editor& editor, ValueId id) {
  const Node* node = MadeBy(editor, id, "HardSigmoid");
  const bool same = node != nullptr && IsNear(node->attributes.Float("alpha", 0.2f), 1.0 / 6) &&
                    IsNear(node->attributes.Float("beta", 0.5f), 0.5);
  return same ? node->inputs[0] : kNoValue;
}

// 0.7978845608 (x + 0.044715 x^3), in either grouping.
bool IsGeluTanhArgument(const Editor& editor, ValueId id, ValueId x) {
  const double scale = std::sqrt(2 / M_PI), cubic = 0.044715;
  Product outer = FlattenProduct(editor, id, x);
  if (!IsNear(outer.scale, scale) || outer.factors.empty() || outer.factors.size() > 2) return false;
  if (outer.factors.size() == 1) {
    const Node* add = MadeBy(editor, outer.factors[0], "Add");
    if (add == nullptr) return false;
    for (size_t i = 0; i < 2; ++i) {
      if (add->inputs[i] == x && IsPower(FlattenProduct(editor, add->inputs[1 - i], x), x, 3, cubic)) return true;
    }
    return false;
  }
  const auto at = std::find(outer.factors.begin(), outer.factors.end(), x);
  if (at == outer.factors.end()) return false;
  const ValueId square = PlusNumber(editor, outer.factors[at == outer.factors.begin() ? 1 : 0], 1);
  return square != kNoValue && IsPower(FlattenProduct(editor, square, x), x, 2, cubic);
}

// `gate` is 1 + erf(x / sqrt(2)) or 1 + tanh(...): whether it is the gate of Gelu for x, and of which.
std::string_view GeluGate(const Editor& editor, ValueId gate, ValueId x) {
  const ValueId inner = PlusNumber(editor, gate, 1);
  if (const Node* erf = MadeBy(editor, inner, "Erf"); erf != nullptr) {
    const Product argument = FlattenProduct(editor, erf->inputs[0], x);
    return IsPower(argument, x, 1, M_SQRT1_2) ? "none" : "";
  }
  const Node* tanh = MadeBy(editor, inner, "Tanh");
  return tanh != nullptr && IsGeluTanhArgument(editor, tanh->inputs[0], x) ? "tanh" : "";
}

// Values that may be the x of an activation whose last Mul is `node`.
std::vector<ValueId> Candidates(const Editor& editor, const Node& node) {
  std::vector<ValueId> candidates;
  const auto add = [&](ValueId id) {
    if (editor.Constant(id) == nullptr && std::find(candidates.begin(), candidates.end(), id) == candidates.end())
      candidates.push_back(id);
  };
  for (ValueId id : node.inputs) {
    add(id);
    const Node* producer = editor.Producer(id);
    if (producer == nullptr || !(producer->Is("Mul") || producer->Is("Div"))) continue;
    for (ValueId inner : producer->inputs) add(inner);
  }
  return candidates;
}

Status BecomeUnary(Editor& editor, Node& node, std::string_view op, ValueId x, Attributes attributes = {}) {
  auto unary = editor.Make(op, {x});
  if (unary->def == nullptr) return OkStatus();
  unary->attributes = std::move(attributes);
  return editor.Become(node, std::move(unary));
}

Status RecognizeProduct(Editor& editor, Node& node) {
  for (ValueId x : Candidates(editor, node)) {
    if (!IsFloat(editor.Info(x).dtype) || !SameShape(editor.ShapeOf(x), editor.ShapeOf(node.outputs[0]))) continue;
    Product product = FlattenProduct(editor, node.outputs[0], x);
    if (product.factors.size() == 1 && IsNear(product.scale, 1.0 / 6) && HardGate(editor, product.factors[0]) == x) break;
    const auto at = std::find(product.factors.begin(), product.factors.end(), x);
    if (product.factors.size() != 2 || at == product.factors.end()) continue;
    const ValueId gate = product.factors[at == product.factors.begin() ? 1 : 0];
    if (IsNear(product.scale, 0.5)) {
      if (const std::string_view kind = GeluGate(editor, gate, x); !kind.empty()) {
        Attributes attributes;
        attributes.SetString("approximate", kind);
        return BecomeUnary(editor, node, "Gelu", x, std::move(attributes));
      }
    }
    if (IsNear(product.scale, 1.0 / 6) && HardGate(editor, gate) == x) return BecomeUnary(editor, node, "HardSwish", x);
    if (!IsNear(product.scale, 1)) continue;
    if (HardSigmoidInput(editor, gate) == x) return BecomeUnary(editor, node, "HardSwish", x);
    if (const Node* sigmoid = MadeBy(editor, gate, "Sigmoid"); sigmoid != nullptr) {
      const Product argument = FlattenProduct(editor, sigmoid->inputs[0], x);
      if (argument.factors.size() != 1 || argument.factors[0] != x) continue;
      Attributes attributes;
      attributes.SetFloat("alpha", static_cast<float>(argument.scale));
      return BecomeUnary(editor, node, "Swish", x, std::move(attributes));
    }
    if (const Node* tanh = MadeBy(editor, gate, "Tanh"); tanh != nullptr) {
      const Node* softplus = MadeBy(editor, tanh->inputs[0], "Softplus");
      if (softplus != nullptr && softplus->inputs[0] == x) return BecomeUnary(editor, node, "Mish", x);
    }
  }
  // clip(x + 3, 0, 6) / 6
  const auto split = SplitConstant(editor, node);
  if (!split) return OkStatus();
  const auto scale = ScalarOf(editor, split->constant);
  const ValueId x = HardGate(editor, split->value);
  if (x == kNoValue || !(node.op == "Mul" ? IsNear(scale, 1.0 / 6) : IsNear(scale, 6))) return OkStatus();
  if (!SameShape(editor.ShapeOf(x), editor.ShapeOf(node.outputs[0]))) return OkStatus();
  Attributes attributes;
  attributes.SetFloat("alpha", 1.0f / 6);
  attributes.SetFloat("beta", 0.5f);
  return BecomeUnary(editor, node, "HardSigmoid", x, std::move(attributes));
}

// log(1 + exp(x)), which overflows where Softplus does not.
Status RecognizeSoftplus(Editor& editor, Node& node) {
  const Node* exp = MadeBy(editor, PlusNumber(editor, node.inputs[0], 1), "Exp");
  return exp == nullptr ? OkStatus() : BecomeUnary(editor, node, "Softplus", exp->inputs[0]);
}

Status Run(PassContext& context) {
  for (const auto& node : context.graph.nodes) {
    if (node->Is("Mul") || node->Is("Div")) WEBINFER_TRY(RecognizeProduct(context.editor, *node));
    if (node->Is("Log")) WEBINFER_TRY(RecognizeSoftplus(context.editor, *node));
  }
  return OkStatus();
}

}  // namespace

}  // namespace webinfer

WEBINFER_PASS(RecognizeActivation, 12) { return {.name = "recognize_activation", .run = webinfer::Run}; }
