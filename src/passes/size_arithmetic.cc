#include "passes/size_arithmetic.h"

#include <algorithm>
#include <limits>

namespace webinfer {

namespace {

SizeElement Known(int64_t value) { return {true, value}; }

SizeElement FromDim(int64_t dim) { return dim >= 0 ? Known(dim) : SizeElement{false, dim}; }

bool Overflows(int64_t a, int64_t b) {
  int64_t product = 0;
  return __builtin_mul_overflow(a, b, &product);
}

SizeElement Binary(const std::string& op, SizeElement a, SizeElement b) {
  if (op == "Equal") {
    if (a.known && b.known) return Known(a.value == b.value);
    // A size is never negative, which settles the usual comparison with -1.
    if ((a.known && a.value < 0 && b.value < kUnknownDim) || (b.known && b.value < 0 && a.value < kUnknownDim)) return Known(0);
    return {};
  }
  if (a.known && b.known) {
    int64_t sum = 0;
    if (op == "Add") return __builtin_add_overflow(a.value, b.value, &sum) ? SizeElement{} : Known(sum);
    if (op == "Sub") return __builtin_sub_overflow(a.value, b.value, &sum) ? SizeElement{} : Known(sum);
    if (op == "Mul") return Overflows(a.value, b.value) ? SizeElement{} : Known(a.value * b.value);
    if (op == "Div") return b.value <= 0 || a.value < 0 ? SizeElement{} : Known(a.value / b.value);
    if (op == "Min") return Known(std::min(a.value, b.value));
    if (op == "Max") return Known(std::max(a.value, b.value));
    return {};
  }
  const bool same = !a.known && !b.known && a.value == b.value && a.value < kUnknownDim;
  if (op == "Add" && a.known && a.value == 0) return b;
  if ((op == "Add" || op == "Sub") && b.known && b.value == 0) return a;
  if (op == "Sub" && same) return Known(0);
  if (op == "Mul" && a.known && a.value == 1) return b;
  if ((op == "Mul" || op == "Div") && b.known && b.value == 1) return a;
  if ((op == "Min" || op == "Max") && same) return a;
  return {};
}

bool IsBinary(const std::string& op) {
  static constexpr std::string_view kOps[] = {"Add", "Sub", "Mul", "Div", "Min", "Max", "Equal"};
  return std::find(std::begin(kOps), std::end(kOps), op) != std::end(kOps);
}

SizeElement At(const SizeElements& list, size_t i) {
  if (list.size() == 1) return list[0];
  return i < list.size() ? list[i] : SizeElement{};
}

int64_t Clamped(int64_t value, int64_t size) { return std::clamp<int64_t>(value < 0 ? value + size : value, 0, size); }

void ComputeShape(const Node& node, const Shape& data, SizeElements* out) {
  if (!data.rank_known()) return;
  const int64_t first = Clamped(node.attributes.Int("start", 0), data.rank());
  const int64_t last = Clamped(node.attributes.Int("end", std::numeric_limits<int64_t>::max()), data.rank());
  for (int64_t i = first; i < last; ++i) out->push_back(FromDim(data[static_cast<int>(i)]));
}

void ComputeGather(const SizeElements& data, const SizeElements& indices, SizeElements* out) {
  for (const SizeElement& index : indices) {
    const int64_t size = static_cast<int64_t>(data.size());
    if (!index.known || index.value < -size || index.value >= size) return out->clear();
    out->push_back(data[static_cast<size_t>(index.value < 0 ? index.value + size : index.value)]);
  }
}

void ComputeSlice(std::span<const SizeElements* const> in, SizeElements* out) {
  const auto scalar = [&](size_t i, int64_t otherwise, int64_t* value) {
    *value = otherwise;
    if (i >= in.size() || in[i] == nullptr) return i >= 3;
    if (in[i]->size() != 1 || !(*in[i])[0].known) return false;
    *value = (*in[i])[0].value;
    return true;
  };
  const int64_t size = static_cast<int64_t>(in[0]->size());
  int64_t start, end, step;
  if (!scalar(1, 0, &start) || !scalar(2, 0, &end) || !scalar(4, 1, &step) || step != 1) return;
  for (int64_t i = Clamped(start, size); i < Clamped(end, size); ++i) out->push_back((*in[0])[static_cast<size_t>(i)]);
}

}  // namespace

Shape ShapeOf(const SizeElements& sizes) {
  Shape shape;
  for (const SizeElement& size : sizes) shape.Append(size.known && size.value < 0 ? kUnknownDim : size.value);
  return shape;
}

Shape ReshapeTo(const Shape& data, const SizeElements& sizes, bool allow_zero) {
  Shape shape;
  int solve = -1;
  for (int i = 0; i < static_cast<int>(sizes.size()); ++i) {
    const SizeElement& size = sizes[static_cast<size_t>(i)];
    int64_t dim = size.value;
    if (size.known && size.value == 0 && !allow_zero) dim = data.rank_known() && i < data.rank() ? data[i] : kUnknownDim;
    if (size.known && size.value == -1) solve = i;
    if (!size.known && size.value == kUnknownDim) solve = sizes.size();  // it may be -1 itself
    shape.Append(dim);
  }
  if (solve < 0 || solve >= shape.rank() || !data.rank_known()) return shape;
  // What is left of the input's sizes after those of the output are taken away is the missing size.
  int64_t in_product = 1, out_product = 1;
  std::vector<int64_t> left;
  for (int64_t dim : data) {
    if (dim == kUnknownDim) return shape;
    if (dim < 0) {
      left.push_back(dim);
    } else if (dim == 0 || Overflows(in_product, dim)) {
      return shape;
    } else {
      in_product *= dim;
    }
  }
  for (int i = 0; i < shape.rank(); ++i) {
    const int64_t dim = shape[i];
    if (i == solve) continue;
    if (dim < 0) {
      const auto it = std::find(left.begin(), left.end(), dim);
      if (it == left.end()) return shape;
      left.erase(it);
    } else if (dim == 0 || Overflows(out_product, dim)) {
      return shape;
    } else {
      out_product *= dim;
    }
  }
  if (left.empty() && in_product % out_product == 0) shape[solve] = in_product / out_product;
  if (left.size() == 1 && in_product == out_product) shape[solve] = left[0];
  return shape;
}

void ComputeElements(const Node& node, const Shape& data, std::span<const SizeElements* const> in, size_t count,
                     SizeElements* out) {
  if (node.op == "Shape") return ComputeShape(node, data, out);
  if (node.op == "Size") {
    int64_t product = 1;
    for (int64_t dim : data) {
      if (dim < 0 || Overflows(product, dim)) return;
      product *= dim;
    }
    if (data.rank_known()) out->push_back(Known(product));
    return;
  }
  if (node.op == "ConstantOfShape") {
    const Tensor* value = node.attributes.TensorOf("value");
    if (value != nullptr && value->dtype == DType::kInt64 && value->shape.Elements() == 1)
      out->assign(count, Known(*value->As<int64_t>()));
    return;
  }
  for (const SizeElements* elements : in) {
    if (elements != nullptr && elements->empty()) return;
  }
  if (in.empty() || in[0] == nullptr) return;
  if (node.op == "Gather" && in.size() == 2 && data.rank() == 1) return ComputeGather(*in[0], *in[1], out);
  if (node.op == "Slice" && in.size() >= 3) return ComputeSlice(in, out);
  if (node.op == "Concat") {
    for (const SizeElements* elements : in) out->insert(out->end(), elements->begin(), elements->end());
    return;
  }
  if (node.op == "Cast" && node.attributes.Int("to", 0) == static_cast<int64_t>(DType::kBool)) return;
  if (node.op == "Unsqueeze" || node.op == "Squeeze" || node.op == "Identity" || node.op == "Cast" || node.op == "Reshape") {
    *out = *in[0];
    return;
  }
  if (node.op == "Where" && in.size() == 3) {
    for (size_t i = 0; i < count; ++i) {
      const SizeElement condition = At(*in[0], i);
      out->push_back(!condition.known ? SizeElement{} : At(*in[condition.value != 0 ? 1 : 2], i));
    }
    return;
  }
  if (IsBinary(node.op) && in.size() == 2 && in[1] != nullptr) {
    for (size_t i = 0; i < count; ++i) out->push_back(Binary(node.op, At(*in[0], i), At(*in[1], i)));
  }
}

}  // namespace webinfer
