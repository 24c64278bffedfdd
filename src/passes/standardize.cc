#include "passes/standardize.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "passes/infer.h"

namespace webinfer {

namespace standardize {

namespace {

std::vector<int64_t> ToFirst(int rank) {
  std::vector<int64_t> permutation{0, rank - 1};
  for (int axis = 1; axis + 1 < rank; ++axis) permutation.push_back(axis);
  return permutation;
}

std::vector<int64_t> ToLast(int rank) {
  std::vector<int64_t> permutation{0};
  for (int axis = 2; axis < rank; ++axis) permutation.push_back(axis);
  permutation.push_back(1);
  return permutation;
}

}  // namespace

ValueId Context::AddLike(std::string_view op, std::vector<ValueId> inputs) {
  const ValueId result = Add(op, std::move(inputs));
  for (const Attribute& attribute : attributes().all()) {
    if (!attribute.name.starts_with("activation")) Last().attributes.Set(attribute);
  }
  return result;
}

ValueId Context::AddWith(std::string_view op, std::vector<ValueId> inputs, std::string_view attribute, int64_t value) {
  const ValueId result = Add(op, std::move(inputs));
  Last().attributes.SetInt(attribute, value);
  return result;
}

ValueId Context::Transpose(ValueId value, std::vector<int64_t> permutation) {
  const ValueId result = Add("Transpose", {value});
  Last().attributes.SetInts("perm", std::move(permutation));
  return result;
}

ValueId Context::TransposeMatrix(ValueId value, int rank) {
  std::vector<int64_t> permutation;
  for (int axis = 0; axis < rank; ++axis) permutation.push_back(axis);
  if (rank > 1) std::swap(permutation[static_cast<size_t>(rank) - 1], permutation[static_cast<size_t>(rank) - 2]);
  return Transpose(value, std::move(permutation));
}

Result<ValueId> Context::Reshape(ValueId value, std::initializer_list<int64_t> sizes) {
  WEBINFER_ASSIGN(const ValueId shape, Ints(sizes));
  return Add("Reshape", {value, shape});
}

ValueId Context::ChannelsFirst(int i) {
  const auto known = images_.find(Input(i));
  if (known != images_.end()) return known->second;
  const ValueId image = Transpose(Input(i), ToFirst(In(i).shape.rank()));
  images_.emplace(Input(i), image);
  return image;
}

void Context::ReturnChannelsLast(ValueId image, int rank) {
  Return(0, Transpose(image, ToLast(rank)));
  images_[node().outputs[0]] = image;
}

Result<ValueId> Context::Activate(ValueId x) {
  const std::string_view name = attributes().String("activation", "");
  const std::span<const float> params = attributes().Floats("activation_params");
  if (name.empty()) return x;
  if (name == "Silu") return Add("Mul", {x, Add("Sigmoid", {x})});
  if (name == "Clip") {
    const float infinity = std::numeric_limits<float>::infinity();
    return Clip(x, params.size() > 0 ? params[0] : -infinity, params.size() > 1 ? params[1] : infinity);
  }
  const ValueId y = Add(name, {x});
  constexpr std::string_view kNames[] = {"alpha", "beta"};
  const bool takes_params = name == "LeakyRelu" || name == "Elu" || name == "HardSigmoid";
  for (size_t i = 0; takes_params && i < 2 && i < params.size(); ++i) {
    if (i == 0 || name == "HardSigmoid") Last().attributes.SetFloat(kNames[i], params[i]);
  }
  return y;
}

Result<ValueId> Context::Epilogue(ValueId y, ValueId bias, ValueId residual) {
  if (bias != kNoValue) y = Add("Add", {y, bias});
  const bool last = residual != kNoValue && attributes().Int("activation_first", 0) != 0;
  if (residual != kNoValue && !last) y = Add("Add", {y, residual});
  WEBINFER_ASSIGN(y, Activate(y));
  WEBINFER_ASSIGN(y, Tail(y));
  return last ? Add("Add", {y, residual}) : y;
}

Result<ValueId> Context::Clip(ValueId x, float low, float high) {
  std::vector<ValueId> inputs{x, kNoValue, kNoValue};
  if (!std::isfinite(low) && !std::isfinite(high)) return x;
  if (std::isfinite(low)) {
    WEBINFER_ASSIGN(inputs[1], Scalar(DType::kFloat32, low));
  }
  if (std::isfinite(high)) {
    WEBINFER_ASSIGN(inputs[2], Scalar(DType::kFloat32, high));
  }
  return Add("Clip", std::move(inputs));
}

Result<ValueId> Context::Tail(ValueId x) {
  const std::span<const float> tail = attributes().Floats("activation_tail");
  if (tail.size() != 4) return x;
  if (tail[0] != 1) {
    WEBINFER_ASSIGN(const ValueId scale, Scalar(DType::kFloat32, tail[0]));
    x = Add("Mul", {x, scale});
  }
  if (tail[1] != 0) {
    WEBINFER_ASSIGN(const ValueId shift, Scalar(DType::kFloat32, tail[1]));
    x = Add("Add", {x, shift});
  }
  return Clip(x, tail[2], tail[3]);
}

namespace {

// Several images stand for their channels one behind the other; factors are multiplied with the first.
ValueId ImageOf(Context& ctx) {
  constexpr int kFactors = 4;
  ValueId image = ctx.ChannelsFirst(0);
  if (ctx.HasInput(kFactors)) image = ctx.Add("Mul", {image, ctx.ChannelsFirst(kFactors)});
  if (ctx.input_count() <= kFactors + 1) return image;
  std::vector<ValueId> parts{image};
  for (int i = kFactors + 1; i < ctx.input_count(); ++i) parts.push_back(ctx.ChannelsFirst(i));
  return ctx.AddWith("Concat", std::move(parts), "axis", 1);
}

Status Image(Context& ctx, std::string_view op) {
  std::vector<ValueId> inputs{ImageOf(ctx)};
  if (ctx.HasInput(1)) inputs.push_back(ctx.Input(1));
  if (ctx.HasInput(2)) {
    ValueId bias = ctx.Input(2);
    if (ctx.In(2).shape.rank() != 1) {
      WEBINFER_ASSIGN(bias, ctx.Reshape(bias, {-1}));
    }
    inputs.push_back(bias);
  }
  const ValueId residual = ctx.HasInput(3) ? ctx.ChannelsFirst(3) : kNoValue;
  WEBINFER_ASSIGN(const ValueId y, ctx.Epilogue(ctx.AddLike(op, std::move(inputs)), kNoValue, residual));
  ctx.ReturnChannelsLast(y, ctx.In(0).shape.rank());
  return OkStatus();
}

Status Conv(Context& ctx) { return Image(ctx, "Conv"); }
Status ConvTranspose(Context& ctx) { return Image(ctx, "ConvTranspose"); }
Status MaxPool(Context& ctx) { return Image(ctx, "MaxPool"); }
Status AveragePool(Context& ctx) { return Image(ctx, "AveragePool"); }
Status LpPool(Context& ctx) { return Image(ctx, "LpPool"); }

Status MatMul(Context& ctx) {
  const bool flip_a = ctx.attributes().Int("transA", 0) != 0, flip_b = ctx.attributes().Int("transB", 0) != 0;
  const float alpha = ctx.attributes().Float("alpha", 1);
  const int a_rank = ctx.In(0).shape.rank(), b_rank = ctx.In(1).shape.rank();
  ValueId bias = ctx.InputOrNone(2), y;
  if (bias != kNoValue && ctx.In(2).shape.rank() != 1) {
    WEBINFER_ASSIGN(bias, ctx.Reshape(bias, {-1}));
  }
  if (a_rank == 2 && b_rank == 2 && ctx.In(0).dtype == DType::kFloat32) {
    std::vector<ValueId> inputs{ctx.Input(0), ctx.Input(1)};
    if (bias != kNoValue) inputs.push_back(bias);
    bias = kNoValue;
    y = ctx.AddWith("Gemm", std::move(inputs), "transA", flip_a);
    ctx.Last().attributes.SetInt("transB", flip_b);
    ctx.Last().attributes.SetFloat("alpha", alpha);
  } else {
    const ValueId a = flip_a ? ctx.TransposeMatrix(ctx.Input(0), a_rank) : ctx.Input(0);
    const ValueId b = flip_b ? ctx.TransposeMatrix(ctx.Input(1), b_rank) : ctx.Input(1);
    y = ctx.Add("MatMul", {a, b});
    if (alpha != 1) {
      WEBINFER_ASSIGN(const ValueId factor, ctx.Scalar(ctx.In(0).dtype, alpha));
      y = ctx.Add("Mul", {y, factor});
    }
  }
  WEBINFER_ASSIGN(y, ctx.Epilogue(y, bias, ctx.InputOrNone(3)));
  ctx.Return(0, y);
  return OkStatus();
}

// k or v with as many heads as q: each is read by several in a row.
Result<ValueId> RepeatHeads(Context& ctx, ValueId value, int64_t heads, int64_t wanted, int64_t size) {
  if (heads == wanted) return value;
  if (heads <= 0 || wanted <= 0 || size <= 0) return Error(Code::kUnsupported, "Grouped attention whose sizes are not known");
  WEBINFER_ASSIGN(const ValueId axis, ctx.Ints({2}));
  WEBINFER_ASSIGN(const ValueId repeats, ctx.Ints({1, 1, wanted / heads, 1, 1}));
  return ctx.Reshape(ctx.Add("Tile", {ctx.Add("Unsqueeze", {value, axis}), repeats}), {0, wanted, -1, size});
}

Status Attention(Context& ctx) {
  const auto heads_axis = [&](std::string_view name) { return static_cast<int>(ctx.attributes().Int(name, 1)); };
  const auto heads_first = [&](int i, std::string_view name) {
    return heads_axis(name) == 2 ? ctx.Transpose(ctx.Input(i), {0, 2, 1, 3}) : ctx.Input(i);
  };
  const Shape &q_shape = ctx.In(0).shape, &k_shape = ctx.In(1).shape, &v_shape = ctx.In(2).shape;
  const int64_t wanted = q_shape[heads_axis("q_heads")], size = q_shape[3];
  WEBINFER_ASSIGN(const ValueId k,
                  RepeatHeads(ctx, heads_first(1, "k_heads"), k_shape[heads_axis("k_heads")], wanted, k_shape[3]));
  WEBINFER_ASSIGN(const ValueId v,
                  RepeatHeads(ctx, heads_first(2, "v_heads"), v_shape[heads_axis("v_heads")], wanted, v_shape[3]));
  if (!ctx.attributes().Has("scale") && size <= 0) return Error(Code::kUnsupported, "Attention whose head size is not known");
  const float scale = ctx.attributes().Float("scale", 1 / std::sqrt(static_cast<float>(size)));
  WEBINFER_ASSIGN(const ValueId factor, ctx.Scalar(DType::kFloat32, scale));
  const ValueId q = ctx.Add("Mul", {heads_first(0, "q_heads"), factor});
  ValueId scores = ctx.Add("MatMul", {q, ctx.TransposeMatrix(k, 4)});
  if (ctx.HasInput(3)) scores = ctx.Add("Add", {scores, ctx.Input(3)});
  const ValueId y = ctx.Add("MatMul", {ctx.AddWith("Softmax", {scores}, "axis", -1), v});
  ctx.Return(0, heads_axis("out_heads") == 2 ? ctx.Transpose(y, {0, 2, 1, 3}) : y);
  return OkStatus();
}

// What adapters make of old operators; ranks may be unknown.
Status CoercedSoftmax(Context& ctx) {
  const ValueId shape = ctx.Add("Shape", {ctx.Input(0)});
  const ValueId matrix = ctx.AddWith("Flatten", {ctx.Input(0)}, "axis", ctx.attributes().Int("axis", 1));
  const ValueId y = ctx.AddWith(ctx.attributes().String("op", "Softmax"), {matrix}, "axis", -1);
  ctx.Return(0, ctx.Add("Reshape", {y, shape}));
  return OkStatus();
}

Status AlignAxis(Context& ctx) {
  const ValueId b_shape = ctx.Add("Shape", {ctx.Input(0)});
  const ValueId b_rank = ctx.Add("Shape", {b_shape}), a_rank = ctx.Add("Shape", {ctx.Add("Shape", {ctx.Input(1)})});
  const int64_t axis = ctx.attributes().Int("axis", 0);
  WEBINFER_ASSIGN(const ValueId from, ctx.Ints({axis}));
  WEBINFER_ASSIGN(const ValueId none, ctx.Ints({0}));
  const ValueId behind = axis < 0 ? ctx.Add("Neg", {from}) : ctx.Add("Sub", {a_rank, from});
  const ValueId missing = ctx.Add("Max", {ctx.Add("Sub", {behind, b_rank}), none});
  WEBINFER_ASSIGN(const ValueId one, ctx.Ints({1}));
  const ValueId shape = ctx.AddWith("Concat", {b_shape, ctx.Add("Expand", {one, missing})}, "axis", 0);
  ctx.Return(0, ctx.Add("Reshape", {ctx.Input(0), shape}));
  return OkStatus();
}

// What is left of linear models behind their product: the operator again, with a product that changes nothing.
Status Scores(Context& ctx, std::string_view op) {
  const int64_t columns = ctx.In(0).shape.rank() == 2 ? ctx.In(0).shape[1] : kUnknownDim;
  constexpr int64_t kMostColumns = 1 << 12;
  if (columns < 0 || columns > kMostColumns) return Error(Code::kUnsupported, "Scores whose number is not known, or too large");
  std::vector<float> unit(static_cast<size_t>(columns * columns));
  for (int64_t i = 0; i < columns; ++i) unit[static_cast<size_t>(i * columns + i)] = 1;
  const std::vector<ValueId> outputs = ctx.AddMany(op, {ctx.Input(0)}, ctx.output_count(), "ai.onnx.ml");
  Attributes& attributes = ctx.Last().attributes;
  for (const Attribute& attribute : ctx.attributes().all()) attributes.Set(attribute);
  Attribute coefficients, intercepts;
  coefficients.name = "coefficients";
  coefficients.kind = intercepts.kind = Attribute::Kind::kFloats;
  coefficients.floats = std::move(unit);
  intercepts.name = "intercepts";
  intercepts.floats.resize(static_cast<size_t>(columns));
  attributes.Set(std::move(coefficients));
  attributes.Set(std::move(intercepts));
  if (op == "LinearRegressor") attributes.SetInt("targets", columns);
  for (int i = 0; i < ctx.output_count(); ++i) ctx.Return(i, outputs[static_cast<size_t>(i)]);
  return OkStatus();
}

Status ClassifyScores(Context& ctx) { return Scores(ctx, "LinearClassifier"); }
Status TransformScores(Context& ctx) { return Scores(ctx, "LinearRegressor"); }

constexpr std::pair<std::string_view, Function> kFunctions[] = {
    {"AlignAxis", AlignAxis},
    {"Attention", Attention},
    {"AveragePool", AveragePool},
    {"ClassifyScores", ClassifyScores},
    {"CoercedSoftmax", CoercedSoftmax},
    {"Conv", Conv},
    {"ConvTranspose", ConvTranspose},
    {"Elementwise", Elementwise},
    {"IntegerAdd", IntegerAdd},
    {"IntegerConv", IntegerConv},
    {"IntegerLookup", IntegerLookup},
    {"IntegerMatMul", IntegerMatMul},
    {"LpPool", LpPool},
    {"MatMul", MatMul},
    {"MaxPool", MaxPool},
    {"SparseAttentionMask", SparseAttentionMask},
    {"TransformScores", TransformScores},
};

bool Permutes(const Node& node, const ValueInfo& out, std::vector<int64_t> (*wanted)(int rank)) {
  if (!node.Is("Transpose") || !out.shape.rank_known() || out.shape.rank() < 3) return false;
  const std::span<const int64_t> permutation = node.attributes.Ints("perm");
  const std::vector<int64_t> expected = wanted(out.shape.rank());
  return std::equal(permutation.begin(), permutation.end(), expected.begin(), expected.end());
}

Status VisitGraph(Graph& graph) {
  SymbolTable symbols;
  GraphInfo info;
  Inference inference(graph, symbols, info);
  Context::Images images;
  std::vector<std::unique_ptr<Node>> nodes = std::exchange(graph.nodes, {});
  for (auto& node : nodes) {
    for (const auto& body : node->bodies) WEBINFER_TRY(VisitGraph(*body));
    inference.Update();
    // A graph as a reader leaves it has no definitions yet; its declared types stay.
    const bool inferred = node->def != nullptr && inference.Infer(*node).ok();
    if (node->domain != "webinfer") {
      if (inferred && node->Is("Transpose")) {
        const ValueInfo& out = info[static_cast<size_t>(node->outputs[0])];
        if (Permutes(*node, out, ToLast)) images[node->outputs[0]] = node->inputs[0];
        if (images.contains(node->inputs[0]) && Permutes(*node, out, ToFirst)) {
          // The image is there already, channels first.
          const ValueId image = images[node->inputs[0]];
          for (auto& later : nodes) {
            if (later != nullptr) std::replace(later->inputs.begin(), later->inputs.end(), node->outputs[0], image);
          }
          std::replace(graph.outputs.begin(), graph.outputs.end(), node->outputs[0], image);
          continue;
        }
      }
      graph.nodes.push_back(std::move(node));
      continue;
    }
    const Function function = Find(node->op);
    if (function == nullptr) {
      return Error(Code::kUnsupported, "This internal operator has no form in ONNX")
          .Op("webinfer.%s", node->op.c_str())
          .Node("%s", node->name.c_str());
    }
    Context context(graph, *node, inference.Inputs(*node), inference.Outputs(*node), images);
    WEBINFER_TRY(AtNode(*node, function(context)));
    for (auto& made : context.TakeNodes()) graph.nodes.push_back(std::move(made));
  }
  RemoveDead(graph);
  return OkStatus();
}

}  // namespace

Function Find(std::string_view op) {
  for (const auto& [name, function] : kFunctions) {
    if (name == op) return function;
  }
  return nullptr;
}

}  // namespace standardize

Status Standardize(Model& model) { return standardize::VisitGraph(model.graph); }

}  // namespace webinfer
