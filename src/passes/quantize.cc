// Runs quantised models on integers: float operators between DequantizeLinear and QuantizeLinear, and integer products that are
// scaled afterwards (dynamic quantisation), become the integer operators of ops/quant/integer.h.
//
//   DequantizeLinear -> Conv or MatMul (+ bias, + activation) -> QuantizeLinear    one IntegerConv or IntegerMatMul
//   the same without QuantizeLinear                                              the same with float32 output
//   DequantizeLinear, DequantizeLinear -> Add -> QuantizeLinear                  IntegerAdd
//   DequantizeLinear -> an elementwise operator -> QuantizeLinear                IntegerLookup
//   DequantizeLinear -> an operator that only moves elements                     moved before it, so that bytes are moved
//   MatMulInteger -> Cast -> Mul by scales (-> Add of a bias)                    one IntegerMatMul
//
// Import leaves the DequantizeLinear of 8-bit constants to this pass if the model quantises activations; what it finds no use
// for becomes a float constant in the end.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "passes/editor.h"
#include "passes/match.h"

namespace webinfer {

namespace {

enum Operand : size_t { kData = 0, kWeight = 1, kBias = 2, kResidual = 3 };

bool IsByte(DType dtype) { return dtype == DType::kInt8 || dtype == DType::kUint8; }
bool IsQuantisation(const Node& node, std::string_view op) {
  return node.op == op && (node.domain.empty() || node.domain == "com.microsoft");
}

// A linear map between bytes and float32, by DequantizeLinear or QuantizeLinear.
struct Linear {
  Node* node = nullptr;
  ValueId bytes = kNoValue, scale = kNoValue, zero = kNoValue;
  bool per_tensor = true;
  explicit operator bool() const { return node != nullptr; }
};

Linear LinearOf(const Editor& editor, Node* node, ValueId bytes) {
  const bool blocked = node->attributes.Int("block_size", 0) != 0;
  const ValueId zero = node->HasInput(2) ? node->inputs[2] : kNoValue;
  if (blocked || !IsByte(editor.Info(bytes).dtype) || editor.Info(node->inputs[1]).dtype != DType::kFloat32) return {};
  const Shape& scale = editor.ShapeOf(node->inputs[1]);
  if (!scale.known()) return {};
  return {node, bytes, node->inputs[1], zero, scale.Elements() == 1};
}

// The DequantizeLinear that makes `id`.
Linear DequantizedBy(const Editor& editor, ValueId id) {
  Node* node = id == kNoValue ? nullptr : editor.Producer(id);
  if (node == nullptr || !IsQuantisation(*node, "DequantizeLinear") || editor.Info(id).dtype != DType::kFloat32) return {};
  return LinearOf(editor, node, node->inputs[0]);
}
Linear DequantizedTensor(const Editor& editor, ValueId id) {
  const Linear linear = DequantizedBy(editor, id);
  return linear && linear.per_tensor ? linear : Linear();
}

// The QuantizeLinear `node` is, of a whole tensor to bytes.
Linear QuantizedTensor(const Editor& editor, Node& node) {
  if (!IsQuantisation(node, "QuantizeLinear") || editor.Info(node.inputs[0]).dtype != DType::kFloat32) return {};
  const Linear linear = LinearOf(editor, &node, node.outputs[0]);
  return linear && linear.per_tensor ? linear : Linear();
}

bool SameNumber(const Editor& editor, ValueId a, ValueId b) {
  if (a == b) return true;
  const auto number = [&](ValueId id) { return id == kNoValue ? std::optional<double>(0) : ScalarOf(editor, id); };
  return number(a) && number(a) == number(b);
}

bool SameLinear(const Editor& editor, const Linear& a, const Linear& b) {
  return editor.Info(a.bytes).dtype == editor.Info(b.bytes).dtype && SameNumber(editor, a.scale, b.scale) &&
         SameNumber(editor, a.zero, b.zero);
}

// The zero point as an input of an integer operator, which takes the type of its output from it.
Result<ValueId> ZeroInput(Editor& editor, const Linear& linear) {
  const DType dtype = editor.Info(linear.bytes).dtype;
  if (linear.zero != kNoValue || dtype == DType::kUint8) return linear.zero;
  WEBINFER_ASSIGN(Tensor zero, Tensor::Create(dtype, Shape()));
  *zero.As<int8_t>() = 0;
  return editor.AddConstant(std::make_shared<Tensor>(std::move(zero)));
}

// Bounds of a clamp before QuantizeLinear, as bytes counted from the least one.
struct Bounds {
  int64_t low = 0, high = 255;

  bool Narrow(const Editor& editor, const Linear& to, double min, double max) {
    const auto scale = ScalarOf(editor, to.scale);
    const auto zero = to.zero == kNoValue ? std::optional<double>(0) : ScalarOf(editor, to.zero);
    if (!scale || !zero || *scale <= 0) return false;
    const double least = editor.Info(to.bytes).dtype == DType::kInt8 ? -128 : 0;
    const auto byte = [&](double x) {
      const double rounded =
          std::nearbyint(static_cast<double>(static_cast<float>(x) / static_cast<float>(*scale))) + *zero - least;
      return static_cast<int64_t>(std::clamp(rounded, 0.0, 255.0));
    };
    low = std::max(low, byte(min));
    high = std::min(high, byte(max));
    return true;
  }
  // The activation of a fused contraction, or the operator `op` with its bounds; false if it is no clamp.
  bool Activate(const Editor& editor, const Linear& to, std::string_view op, double min, double max) {
    if (op.empty()) return true;
    if (op == "Relu") return Narrow(editor, to, 0, INFINITY);
    return op == "Clip" && Narrow(editor, to, min, max);
  }
  void Write(Node& node) const {
    if (low != 0) node.attributes.SetInt("low", low);
    if (high != 255) node.attributes.SetInt("high", high);
  }
};

// The float32 bias as int32 multiples of x_scale * w_scale; kNoValue if it is not constant or too large.
Result<ValueId> IntegerBias(Editor& editor, ValueId bias, const Linear& x, const Linear& w) {
  const Tensor *from = editor.Constant(bias), *w_scale = editor.Constant(w.scale);
  const auto x_scale = ScalarOf(editor, x.scale);
  if (from == nullptr || w_scale == nullptr || !x_scale || from->dtype != DType::kFloat32) return kNoValue;
  WEBINFER_ASSIGN(Tensor to, Tensor::Create(DType::kInt32, from->shape));
  for (int64_t i = 0; i < from->shape.Elements(); ++i) {
    const double unit = *x_scale * double{w_scale->As<float>()[w.per_tensor ? 0 : i]};
    const double value = std::nearbyint(from->As<float>()[i] / unit);
    if (!(std::fabs(value) < 1 << 30)) return kNoValue;
    to.As<int32_t>()[i] = static_cast<int32_t>(value);
  }
  return editor.AddConstant(std::make_shared<Tensor>(std::move(to)));
}

// Whether the scales of the weights go along the output's columns.
bool FitsColumns(const Editor& editor, const Node& node, const Linear& w) {
  const Shape& shape = editor.ShapeOf(w.bytes);
  if (editor.Constant(w.bytes) == nullptr || editor.Constant(w.scale) == nullptr) return false;
  if (w.zero != kNoValue && editor.Constant(w.zero) == nullptr) return false;
  if (w.per_tensor) return shape.rank() >= 2;
  const int axis = node.op == "Conv" || node.attributes.Int("transB", 0) != 0 ? 0 : 1;
  const Result<int> given = NormalizeAxis(w.node->attributes.Int("axis", 1), shape.rank());
  return given.ok() && *given == axis && (node.op == "Conv" || shape.rank() == 2);
}

Status QuantizeContraction(Editor& editor, Node& node) {
  const bool conv = node.IsInternal("Conv");
  if (!conv && !node.Is("MatMul") && !node.IsInternal("MatMul")) return OkStatus();
  if (node.HasInput(kResidual) || node.attributes.Float("alpha", 1) != 1 || node.attributes.Int("transA", 0) != 0)
    return OkStatus();
  const Linear x = DequantizedTensor(editor, node.inputs[kData]), w = DequantizedBy(editor, node.inputs[kWeight]);
  if (!x || !w || !FitsColumns(editor, node, w)) return OkStatus();

  const ValueId bias = node.HasInput(kBias) ? node.inputs[kBias] : kNoValue;
  auto integer =
      editor.Make(conv ? "IntegerConv" : "IntegerMatMul", {x.bytes, w.bytes, x.scale, x.zero, w.scale, w.zero}, "webinfer");
  integer->attributes = node.attributes;
  Node* const user = editor.OnlyUser(node.outputs[0]);
  const Linear y = user == nullptr ? Linear() : QuantizedTensor(editor, *user);
  Bounds bounds;
  const std::span<const float> params = node.attributes.Floats("activation_params");
  const double min = params.size() == 2 ? params[0] : -INFINITY, max = params.size() == 2 ? params[1] : INFINITY;
  if (y && bounds.Activate(editor, y, node.attributes.String("activation", ""), min, max)) {
    WEBINFER_ASSIGN(const ValueId integer_bias, bias == kNoValue ? Result<ValueId>(kNoValue) : IntegerBias(editor, bias, x, w));
    if (bias == kNoValue || integer_bias != kNoValue) {
      WEBINFER_ASSIGN(const ValueId zero, ZeroInput(editor, y));
      integer->inputs.insert(integer->inputs.end(), {y.scale, zero, integer_bias});
      for (const char* name : {"activation", "activation_params", "activation_first"}) integer->attributes.Remove(name);
      bounds.Write(*integer);
      return editor.Become(*y.node, std::move(integer));
    }
  }
  integer->inputs.insert(integer->inputs.end(), {kNoValue, kNoValue, bias});
  return editor.Become(node, std::move(integer));
}

// The clamp in front of a QuantizeLinear, if there is one that nothing else reads; what it clamps is then `*id`.
bool TakeClamp(const Editor& editor, const Linear& to, ValueId* id, Bounds* bounds) {
  const Node* clamp = editor.Producer(*id);
  if (clamp == nullptr || editor.OnlyUser(*id) == nullptr || !(clamp->Is("Relu") || clamp->Is("Clip"))) return true;
  double min = -INFINITY, max = INFINITY;
  for (size_t i = 1; i < clamp->inputs.size(); ++i) {
    if (!clamp->HasInput(i)) continue;
    const auto bound = ScalarOf(editor, clamp->inputs[i]);
    if (!bound) return false;
    (i == 1 ? min : max) = *bound;
  }
  *id = clamp->inputs[0];
  return bounds->Activate(editor, to, clamp->op, min, max);
}

Status QuantizeAdd(Editor& editor, const Linear& y) {
  ValueId id = y.node->inputs[0];
  Bounds bounds;
  if (!TakeClamp(editor, y, &id, &bounds)) return OkStatus();
  const Node* add = editor.Producer(id);
  if (add == nullptr || !add->Is("Add") || editor.OnlyUser(id) == nullptr) return OkStatus();
  const Linear a = DequantizedTensor(editor, add->inputs[0]), b = DequantizedTensor(editor, add->inputs[1]);
  if (!a || !b || !SameShape(editor.ShapeOf(a.bytes), editor.ShapeOf(b.bytes))) return OkStatus();
  WEBINFER_ASSIGN(const ValueId zero, ZeroInput(editor, y));
  auto integer = editor.Make("IntegerAdd", {a.bytes, b.bytes, a.scale, a.zero, b.scale, b.zero, y.scale, zero}, "webinfer");
  bounds.Write(*integer);
  return editor.Become(*y.node, std::move(integer));
}

// An elementwise function of one value, the rest constants of one element.
bool IsUnary(const Editor& editor, const Node& node) {
  if (node.def == nullptr || node.def->expression == nullptr || node.outputs.size() != 1 || !node.HasInput(0)) return false;
  for (size_t i = 1; i < node.inputs.size(); ++i) {
    if (node.HasInput(i) && !ScalarOf(editor, node.inputs[i])) return false;
  }
  return editor.Info(node.outputs[0]).dtype == DType::kFloat32 &&
         SameShape(editor.ShapeOf(node.inputs[0]), editor.ShapeOf(node.outputs[0]));
}

// DequantizeLinear -> unary -> QuantizeLinear, or with nothing in between, when all parameters are constant.
Status QuantizeUnary(Editor& editor, const Linear& y) {
  const Node* unary = editor.Producer(y.node->inputs[0]);
  Linear x = DequantizedTensor(editor, y.node->inputs[0]);
  if (x && SameLinear(editor, x, y)) {
    editor.ReplaceUses(y.bytes, x.bytes);
    return OkStatus();
  }
  if (!x) {
    if (unary == nullptr || editor.OnlyUser(unary->outputs[0]) == nullptr || !IsUnary(editor, *unary)) return OkStatus();
    x = DequantizedTensor(editor, unary->inputs[0]);
  }
  for (const Linear* linear : std::initializer_list<const Linear*>{&x, &y}) {
    if (!*linear || editor.Constant(linear->scale) == nullptr) return OkStatus();
    if (linear->zero != kNoValue && editor.Constant(linear->zero) == nullptr) return OkStatus();
  }
  WEBINFER_ASSIGN(Tensor bytes, Tensor::Create(editor.Info(x.bytes).dtype, Shape({256})));
  for (int i = 0; i < 256; ++i) bytes.As<uint8_t>()[i] = static_cast<uint8_t>(i);
  const ValueId all = editor.AddConstant(std::make_shared<Tensor>(std::move(bytes)));
  const auto copy = [&](const Node& node, ValueId in) {
    auto made = editor.Make(node.op, node.inputs, node.domain);
    made->attributes = node.attributes;
    made->inputs[0] = in;
    return made;
  };
  WEBINFER_ASSIGN(ValueId table, editor.Evaluate(copy(*x.node, all)));
  if (unary != x.node) {
    WEBINFER_ASSIGN(table, editor.Evaluate(copy(*unary, table)));
  }
  WEBINFER_ASSIGN(table, editor.Evaluate(copy(*y.node, table)));
  return editor.Become(*y.node, editor.Make("IntegerLookup", {x.bytes, table}, "webinfer"));
}

// An operator that moves elements moves bytes instead, and dequantises afterwards.
Status SinkDequantize(Editor& editor, Node& node) {
  static constexpr std::string_view kMoves[] = {"Reshape", "Transpose", "Squeeze",      "Unsqueeze",    "Slice", "Gather",
                                                "Expand",  "Tile",      "DepthToSpace", "SpaceToDepth", "Concat"};
  if (!node.domain.empty() || std::find(std::begin(kMoves), std::end(kMoves), node.op) == std::end(kMoves)) return OkStatus();
  const Linear x = DequantizedTensor(editor, node.inputs[0]);
  if (!x || editor.Constant(x.bytes) != nullptr) return OkStatus();
  auto moved = editor.Make(node.op, node.inputs);
  moved->attributes = node.attributes;
  moved->inputs[0] = x.bytes;
  for (size_t i = 1; node.op == "Concat" && i < node.inputs.size(); ++i) {
    const Linear other = DequantizedTensor(editor, node.inputs[i]);
    if (!other || !SameLinear(editor, x, other)) return OkStatus();
    moved->inputs[i] = other.bytes;
  }
  WEBINFER_ASSIGN(const ValueId bytes, editor.Insert(node, std::move(moved)));
  auto dequantize = editor.Make("DequantizeLinear", {bytes, x.scale});
  if (x.zero != kNoValue) dequantize->inputs.push_back(x.zero);
  return editor.Become(node, std::move(dequantize));
}

// The int32 contraction that makes `id`, seen through a Cast to float32; nothing else reads either.
Node* CastProduct(const Editor& editor, ValueId id) {
  const Node* cast = editor.Producer(id);
  if (cast == nullptr || !cast->Is("Cast") || editor.OnlyUser(id) == nullptr || editor.Info(id).dtype != DType::kFloat32)
    return nullptr;
  Node* product = editor.Producer(cast->inputs[0]);
  if (product == nullptr || !(product->IsInternal("IntegerMatMul") || product->IsInternal("IntegerConv"))) return nullptr;
  return editor.OnlyUser(cast->inputs[0]) != nullptr && editor.Info(cast->inputs[0]).dtype == DType::kInt32 ? product : nullptr;
}

bool IsSingle(const Editor& editor, ValueId id) { return editor.ShapeOf(id).known() && editor.ShapeOf(id).Elements() == 1; }

Status ScaleProduct(Editor& editor, Node& node) {
  if (!node.Is("Mul")) return OkStatus();
  Node* const first = CastProduct(editor, node.inputs[0]);
  Node* const product = first != nullptr ? first : CastProduct(editor, node.inputs[1]);
  const ValueId scale = node.inputs[first != nullptr ? 1 : 0];
  if (product == nullptr || product->HasInput(2) || editor.Info(scale).dtype != DType::kFloat32) return OkStatus();
  if (!SameShape(editor.ShapeOf(product->outputs[0]), editor.ShapeOf(node.outputs[0]))) return OkStatus();
  // The scale of the data, and of the weights if that is told apart: one, or one per column.
  ValueId x_scale = scale, w_scale = kNoValue;
  const Node* scales = editor.Producer(scale);
  if (scales != nullptr && scales->Is("Mul")) {
    const size_t single = IsSingle(editor, scales->inputs[0]) ? 0 : 1;
    x_scale = scales->inputs[single];
    w_scale = scales->inputs[1 - single];
    const Shape &shape = editor.ShapeOf(w_scale), &y = editor.ShapeOf(node.outputs[0]);
    const bool columns = product->op == "IntegerMatMul" && shape.rank() == 1 && y.rank() > 1 && shape[0] == y[y.rank() - 1];
    if (!columns && !IsSingle(editor, w_scale)) return OkStatus();
  }
  if (!IsSingle(editor, x_scale)) return OkStatus();
  auto scaled = editor.Make(product->op, product->inputs, "webinfer");
  scaled->attributes = product->attributes;
  scaled->inputs.resize(6, kNoValue);
  scaled->inputs[2] = x_scale;
  scaled->inputs[4] = w_scale;
  return editor.Become(node, std::move(scaled));
}

// The bias behind a contraction with float32 output.
Status AddBias(Editor& editor, Node& node) {
  if (!node.Is("Add")) return OkStatus();
  for (size_t i = 0; i < 2; ++i) {
    const Node* product = editor.Producer(node.inputs[i]);
    const ValueId bias = node.inputs[1 - i];
    if (product == nullptr || !(product->IsInternal("IntegerMatMul") || product->IsInternal("IntegerConv"))) continue;
    const Shape &shape = editor.ShapeOf(bias), &y = editor.ShapeOf(node.outputs[0]);
    const bool fits = editor.OnlyUser(node.inputs[i]) != nullptr && editor.Info(node.inputs[i]).dtype == DType::kFloat32 &&
                      product->inputs.size() <= 8 && product->attributes.String("activation", "").empty() && shape.rank() == 1 &&
                      y.rank() > 1 && shape[0] == y[y.rank() - 1] && shape[0] > 0;
    if (!fits) continue;
    auto biased = editor.Make(product->op, product->inputs, "webinfer");
    biased->attributes = product->attributes;
    biased->inputs.resize(8, kNoValue);
    biased->inputs.push_back(bias);
    return editor.Become(node, std::move(biased));
  }
  return OkStatus();
}

// Weights that stayed in front of float operators.
Status Dequantize(Editor& editor, Node& node) {
  if (!IsQuantisation(node, "DequantizeLinear") || editor.Constant(node.inputs[0]) == nullptr) return OkStatus();
  for (ValueId id : node.inputs) {
    if (id != kNoValue && editor.Constant(id) == nullptr) return OkStatus();
  }
  auto copy = editor.Make(node.op, node.inputs, node.domain);
  copy->attributes = node.attributes;
  WEBINFER_ASSIGN(const ValueId constant, editor.Evaluate(std::move(copy)));
  editor.ReplaceUses(node.outputs[0], constant);
  return OkStatus();
}

Status Run(PassContext& context) {
  Editor& editor = context.editor;
  const auto& nodes = context.graph.nodes;
  const auto each = [&](auto rewrite) -> Status {
    for (const auto& node : nodes) {
      if (!node->op.empty()) WEBINFER_TRY(rewrite(editor, *node));
    }
    return OkStatus();
  };
  WEBINFER_TRY(each(SinkDequantize));
  WEBINFER_TRY(each(QuantizeContraction));
  WEBINFER_TRY(each([](Editor& e, Node& node) -> Status {
    const Linear y = QuantizedTensor(e, node);
    if (!y) return OkStatus();
    WEBINFER_TRY(QuantizeAdd(e, y));
    return IsQuantisation(node, "QuantizeLinear") ? QuantizeUnary(e, y) : OkStatus();
  }));
  WEBINFER_TRY(each(ScaleProduct));
  WEBINFER_TRY(each(AddBias));
  return each(Dequantize);
}

}  // namespace

}  // namespace webinfer

WEBINFER_PASS(Quantize, 65) { return {.name = "quantize", .run = webinfer::Run}; }
