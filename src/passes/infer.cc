#include "passes/infer.h"

#include <algorithm>

#include "ops/evaluate.h"
#include "passes/size_arithmetic.h"

namespace webinfer {

namespace {

constexpr int64_t kMostElements = 64;  // of a tensor whose elements are followed

}  // namespace

int64_t SymbolTable::Named(std::string_view name) {
  for (const auto& [known, symbol] : names_) {
    if (known == name) return symbol;
  }
  names_.emplace_back(name, Fresh());
  return names_.back().second;
}

int64_t SymbolTable::Derived(int64_t from, const std::string& rule) {
  const auto [it, added] = derived_.try_emplace({from, rule}, 0);
  if (added) it->second = Fresh();
  return it->second;
}

Inference::Inference(Graph& graph, SymbolTable& symbols, GraphInfo& info) : graph_(graph), symbols_(symbols), info_(info) {
  info_.clear();
  Update();
  for (ValueId id : graph_.inputs) {
    const Value& value = graph_.values[static_cast<size_t>(id)];
    ValueInfo& info_of = info_[static_cast<size_t>(id)];
    info_of = {value.type.kind, true, value.type.dtype, value.type.shape, nullptr};
    for (int i = 0; i < info_of.shape.rank(); ++i) {
      const bool named = static_cast<size_t>(i) < value.symbols.size() && !value.symbols[static_cast<size_t>(i)].empty();
      if (info_of.shape[i] < 0)
        info_of.shape[i] = named ? symbols_.Named(value.symbols[static_cast<size_t>(i)]) : symbols_.Fresh();
    }
    elements_[static_cast<size_t>(id)].clear();
  }
}

void Inference::Update() {
  for (size_t id = info_.size(); id < graph_.values.size(); ++id) {
    const Value& value = graph_.values[id];
    info_.push_back({value.type.kind, true, DType::kUndefined, Shape::UnknownRank(), nullptr});
    elements_.emplace_back();
    if (value.constant != nullptr) TakeConstant(static_cast<ValueId>(id));
  }
}

void Inference::TakeConstant(ValueId id) {
  Value& value = graph_.values[static_cast<size_t>(id)];
  const Tensor& constant = *value.constant;
  info_[static_cast<size_t>(id)] = {ValueKind::kTensor, true, constant.dtype, constant.shape, constant.buffer.data()};
  value.type = {ValueKind::kTensor, constant.dtype, constant.shape};
  elements_[static_cast<size_t>(id)].clear();
  ReadElements(id);
}

void Inference::ReadElements(ValueId id) {
  const ValueInfo& info = info_[static_cast<size_t>(id)];
  if (info.shape.rank() > 1 || info.shape.Elements() > kMostElements || info.shape.Elements() == 0) return;
  SizeElements& elements = elements_[static_cast<size_t>(id)];
  for (int64_t i = 0; i < info.shape.Elements(); ++i) {
    if (info.dtype == DType::kInt64) elements.push_back({true, static_cast<const int64_t*>(info.known)[i]});
    if (info.dtype == DType::kInt32) elements.push_back({true, static_cast<const int32_t*>(info.known)[i]});
    if (info.dtype == DType::kBool) elements.push_back({true, static_cast<const uint8_t*>(info.known)[i]});
  }
}

std::span<ValueInfo> Inference::Inputs(const Node& node) {
  in_.clear();
  for (ValueId id : node.inputs) in_.push_back(id == kNoValue ? ValueInfo() : info_[static_cast<size_t>(id)]);
  return in_;
}

std::span<ValueInfo> Inference::Outputs(const Node& node) {
  out_.clear();
  for (ValueId id : node.outputs) {
    out_.emplace_back();
    out_.back().present = id != kNoValue;
  }
  return out_;
}

// Sizes that stay unknown get symbols, and the graph's own record of the type is brought up to date.
void Inference::Name(ValueId id) {
  ValueInfo& info = info_[static_cast<size_t>(id)];
  ValueType& type = graph_.values[static_cast<size_t>(id)].type;
  if (info.dtype == DType::kUndefined) info.dtype = type.dtype;
  for (int i = 0; i < info.shape.rank(); ++i) {
    if (info.shape[i] == kUnknownDim) info.shape[i] = symbols_.Fresh();
  }
  type = {info.kind, info.dtype, info.shape, type.key};
  for (int i = 0; i < type.shape.rank(); ++i) type.shape[i] = std::max(type.shape[i], kUnknownDim);
}

Status Inference::Infer(const Node& node) {
  const std::span<ValueInfo> in = Inputs(node), out = Outputs(node);
  if (node.def != nullptr && node.def->infer != nullptr) {
    WEBINFER_TRY(AtNode(node, ExpectKinds(node, in)));
    InferContext context(node, in, out);
    WEBINFER_TRY(AtNode(node, node.def->infer(context)));
  }
  for (size_t i = 0; i < out.size(); ++i) {
    const ValueId id = node.outputs[i];
    if (id == kNoValue) continue;
    out[i].known = nullptr;
    info_[static_cast<size_t>(id)] = out[i];
    elements_[static_cast<size_t>(id)].clear();
  }
  RefineShape(node);
  RefineWindow(node);
  for (ValueId id : node.outputs) {
    if (id != kNoValue) Name(id);
  }
  FollowElements(node);
  return OkStatus();
}

void Inference::RefineShape(const Node& node) {
  if (!node.domain.empty() || node.outputs.size() != 1 || node.outputs[0] == kNoValue) return;
  Shape& shape = info_[static_cast<size_t>(node.outputs[0])].shape;
  if (shape.known()) return;
  const int sizes_input = node.op == "Reshape" || node.op == "Expand" ? 1 : node.op == "ConstantOfShape" ? 0 : -1;
  if (sizes_input < 0 || !node.HasInput(static_cast<size_t>(sizes_input))) return;
  const SizeElements& sizes = elements(node.inputs[static_cast<size_t>(sizes_input)]);
  if (sizes.empty() || sizes.size() > kMaxRank) return;
  const Shape& data = info_[static_cast<size_t>(node.inputs[0])].shape;
  if (node.op == "Reshape") shape = ReshapeTo(data, sizes, node.attributes.Int("allowzero", 0) != 0);
  if (node.op == "Expand") {
    const Result<Shape> expanded = Broadcast(data, ShapeOf(sizes));
    if (expanded.ok()) shape = *expanded;
  }
  if (node.op == "ConstantOfShape") shape = ShapeOf(sizes);
}

// Windows that slide alike over images of the same unknown size give images of the same size, which is often the one they had.
void Inference::RefineWindow(const Node& node) {
  static constexpr std::string_view kWindows[] = {"Conv", "MaxPool", "AveragePool", "LpPool"};
  if (node.domain != "webinfer" || std::find(std::begin(kWindows), std::end(kWindows), node.op) == std::end(kWindows)) return;
  const Shape& in = info_[static_cast<size_t>(node.inputs[0])].shape;
  Shape& out = info_[static_cast<size_t>(node.outputs[0])].shape;
  if (in.rank() < 3 || out.rank() != in.rank()) return;
  const size_t spatial = static_cast<size_t>(in.rank()) - 2;
  const auto ints = [&](std::string_view name, size_t i, int64_t otherwise) {
    const std::span<const int64_t> values = node.attributes.Ints(name);
    return i < values.size() ? values[i] : otherwise;
  };
  const std::string_view auto_pad = node.attributes.String("auto_pad", "NOTSET");
  for (size_t i = 0; i < spatial; ++i) {
    const int axis = static_cast<int>(i) + 1;
    if (out[axis] >= 0 || in[axis] >= kUnknownDim) continue;
    int64_t kernel = ints("kernel_shape", i, 0);
    if (kernel == 0 && node.op == "Conv") kernel = info_[static_cast<size_t>(node.inputs[1])].shape[axis + 1];
    const int64_t stride = ints("strides", i, 1), dilation = ints("dilations", i, 1);
    const int64_t pads = ints("pads", i, 0) + ints("pads", spatial + i, 0);
    const bool same = auto_pad.starts_with("SAME") || (auto_pad != "VALID" && pads == (kernel - 1) * dilation);
    const int64_t numbers[] = {kernel, stride, dilation, pads, node.attributes.Int("ceil_mode", 0)};
    std::string rule(auto_pad);
    for (int64_t number : numbers) rule += " " + std::to_string(number);
    out[axis] = same && stride == 1 ? in[axis] : symbols_.Derived(in[axis], rule);
  }
}

void Inference::FollowElements(const Node& node) {
  if (!node.domain.empty() || node.outputs.size() != 1 || node.outputs[0] == kNoValue) return;
  const ValueInfo& out = info_[static_cast<size_t>(node.outputs[0])];
  const bool integers = out.dtype == DType::kInt64 || out.dtype == DType::kInt32 || out.dtype == DType::kBool;
  if (!integers || out.shape.rank() > 1 || !out.shape.known() || out.shape.Elements() > kMostElements ||
      out.shape.Elements() == 0)
    return;
  std::vector<const SizeElements*> in;
  for (ValueId id : node.inputs) in.push_back(id == kNoValue ? nullptr : &elements(id));
  SizeElements elements;
  ComputeElements(
      node,
      info_[static_cast<size_t>(node.inputs.empty() || node.inputs[0] == kNoValue ? node.outputs[0] : node.inputs[0])].shape, in,
      static_cast<size_t>(out.shape.Elements()), &elements);
  if (static_cast<int64_t>(elements.size()) == out.shape.Elements())
    elements_[static_cast<size_t>(node.outputs[0])] = std::move(elements);
}

}  // namespace webinfer
