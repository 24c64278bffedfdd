#include "ops/control/body.h"

#include <cstring>
#include <utility>

#include "kernels/strided_copy.h"

namespace webinfer::ops {

Result<int> BodyOf(const Node& node, std::string_view name) {
  const Attribute* attribute = node.attributes.Find(name);
  if (attribute == nullptr || attribute->graph < 0 || static_cast<size_t>(attribute->graph) >= node.bodies.size()) {
    return Error(Code::kInvalidModel, "A control-flow operator lacks a body")
        .Expected("%.*s", static_cast<int>(name.size()), name.data());
  }
  return attribute->graph;
}

const ValueType& BodyOutput(const Node& node, int body, int i) {
  const Graph& graph = *node.bodies[static_cast<size_t>(body)];
  return graph.values[static_cast<size_t>(graph.outputs[static_cast<size_t>(i)])].type;
}

Status ExpectBody(const Node& node, int body, int formal_inputs, int outputs) {
  const Graph& graph = *node.bodies[static_cast<size_t>(body)];
  const int captured = static_cast<int>(node.inputs.size()) - FormalInputs(node);
  const int inputs = static_cast<int>(graph.inputs.size()) - captured;
  if (inputs == formal_inputs && static_cast<int>(graph.outputs.size()) >= outputs) return OkStatus();
  return Error(Code::kInvalidModel, "A body does not fit its operator")
      .Expected("%d inputs and %d outputs", formal_inputs, outputs)
      .Actual("%d inputs and %zu outputs", inputs, graph.outputs.size());
}

void SetOutputType(InferContext& ctx, int i, const ValueType& type) {
  if (!ctx.HasOutput(i)) return;
  ctx.Out(i).kind = type.kind;
  ctx.Out(i).dtype = type.dtype;
  ctx.Out(i).shape = type.kind == ValueKind::kTensor ? type.shape : Shape::UnknownRank();
}

Status CopyOut(RunContext& run, Operand& out, const Operand& from) {
  if (!out.present) return OkStatus();
  if (from.kind != ValueKind::kTensor) {
    if (out.value == nullptr) return Error(Code::kTypeMismatch, "A body returns a sequence where a tensor was declared");
    out.kind = from.kind;
    out.dtype = from.dtype;
    return out.value->CopyFrom(*from.value);
  }
  WEBINFER_TRY(run.Resize(out, from.dtype, from.shape));
  if (from.bytes() > 0) std::memcpy(out.data, from.data, from.bytes());
  return OkStatus();
}

Status CarriedValue::Take(const Operand& from, bool may_move) {
  RuntimeValue& next = values_[1 - current_];
  if (from.value != nullptr && may_move) {
    std::swap(next, *from.value);
  } else if (from.kind == ValueKind::kTensor) {
    WEBINFER_TRY(next.CopyFrom(from.view()));
  } else {
    WEBINFER_TRY(next.CopyFrom(*from.value));
  }
  current_ = 1 - current_;
  operand_ = from;
  operand_.value = &next;
  if (from.kind == ValueKind::kTensor) operand_.data = next.tensor.buffer.data();
  return OkStatus();
}

bool OwnedByBody(std::span<const Operand> inputs, std::span<const Operand> outputs, size_t i) {
  const Operand& operand = outputs[i];
  if (operand.value == nullptr) return false;
  if (operand.kind == ValueKind::kTensor && operand.data != operand.value->tensor.buffer.data()) return false;
  for (const Operand& input : inputs) {
    if (input.value == operand.value) return false;
  }
  for (size_t k = 0; k < outputs.size(); ++k) {
    if (k != i && (outputs[k].value == operand.value || (operand.data != nullptr && outputs[k].data == operand.data)))
      return false;
  }
  return true;
}

Status StackedSlices::Append(const Operand& slice) {
  if (slice.kind != ValueKind::kTensor) return Error(Code::kTypeMismatch, "A scan output is not a tensor");
  if (count_ == 0) {
    dtype_ = slice.dtype;
    shape_ = slice.shape;
  } else if (dtype_ != slice.dtype || !(shape_ == slice.shape)) {
    return Error(Code::kShapeMismatch, "A scan output changed its shape between iterations")
        .Expected("%s%s", DTypeName(dtype_), ShapeText(shape_).text)
        .Actual("%s%s", DTypeName(slice.dtype), ShapeText(slice.shape).text);
  }
  if (slice.elements() * DTypeBits(slice.dtype) % 8 != 0) {  // the next slice would begin within a byte
    return Error(Code::kUnsupported, "Packed elements cannot be stacked").Actual("%s", DTypeName(slice.dtype));
  }
  const size_t used = bytes_.size(), added = static_cast<size_t>(slice.bytes());
  WEBINFER_TRY(bytes_.Resize(used + added));
  if (added > 0) std::memcpy(bytes_.data() + used, slice.data, added);
  ++count_;
  return OkStatus();
}

Status StackedSlices::Finish(RunContext& run, Operand& out, int64_t axis, bool reverse, const ValueType& declared) const {
  if (!out.present) return OkStatus();
  Shape slice = shape_;
  if (count_ == 0) {
    slice = declared.shape.rank_known() ? declared.shape : Shape();
    for (int i = 0; i < slice.rank(); ++i) slice[i] = slice[i] < 0 ? 0 : slice[i];
  }
  if (slice.rank() == kMaxRank)
    return Error(Code::kUnsupported, "A tensor has too many dimensions").Expected("rank <= %d", kMaxRank);
  WEBINFER_ASSIGN(const int at, NormalizeAxis(axis, slice.rank() + 1));
  Shape shape = slice;
  shape.Insert(at, count_);
  const DType dtype = count_ == 0 ? declared.dtype : dtype_;
  WEBINFER_TRY(run.Resize(out, dtype, shape));
  if (shape.Elements() == 0) return OkStatus();
  if (at == 0 && !reverse) {
    std::memcpy(out.data, bytes_.data(), bytes_.size());
    return OkStatus();
  }
  if (DTypeBytes(dtype) == 0)
    return Error(Code::kUnsupported, "Packed elements cannot be stacked").Actual("%s", DTypeName(dtype));
  const int64_t outer = slice.Elements(0, at), inner = slice.Elements(at, slice.rank());
  kernels::StridedCopy copy;
  copy.element_bytes = static_cast<int32_t>(DTypeBytes(dtype));
  copy.Append(count_, reverse ? -outer * inner : outer * inner, inner);
  copy.Append(outer, inner, count_ * inner);
  copy.Append(inner, 1, 1);
  kernels::Simplify(&copy);
  const int64_t start = reverse ? (count_ - 1) * outer * inner * static_cast<int64_t>(DTypeBytes(dtype)) : 0;
  kernels::RunStridedCopy(copy, bytes_.data() + start, out.data);
  return OkStatus();
}

}  // namespace webinfer::ops
