#include "ops/op.h"

#include <cstdio>
#include <cstring>

#include "base/float16.h"

namespace webinfer {

Status AtNode(const Node& node, Status status) {
  if (status.ok()) return status;
  ErrorRecord& error = LastError();
  if (error.op[0] != 0 || error.node[0] != 0) return status;
  std::snprintf(error.op, sizeof(error.op), "%s%s%s", node.domain.c_str(), node.domain.empty() ? "" : ".", node.op.c_str());
  std::snprintf(error.node, sizeof(error.node), "%s", node.name.c_str());
  return status;
}

Status RunContext::Resize(Operand& out, DType dtype, const Shape& shape) {
  if (!out.present) return OkStatus();
  if (out.value == nullptr) {  // the shape was known after all: the memory is there
    if (out.dtype == dtype && out.shape == shape) return OkStatus();
    return Error(Code::kInternal, "A step produced another shape than planned")
        .Expected("%s%s", DTypeName(out.dtype), ShapeText(out.shape).text)
        .Actual("%s%s", DTypeName(dtype), ShapeText(shape).text);
  }
  WEBINFER_TRY(out.value->Resize(dtype, shape));
  out.kind = ValueKind::kTensor;
  out.dtype = dtype;
  out.shape = shape;
  out.data = out.value->tensor.buffer.data();
  return OkStatus();
}

Status InferContext::SetOutput(int i, DType dtype, const Shape& shape) {
  if (!HasOutput(i)) return OkStatus();
  if (shape.known()) {
    const Result<int64_t> elements = shape.CheckedElements();
    if (!elements.ok()) return elements.status();
  }
  ValueInfo& out = Out(i);
  out.kind = ValueKind::kTensor;
  out.dtype = dtype;
  out.shape = shape;
  return OkStatus();
}

bool InferContext::KnownInts(int i, IntList* list) const {
  if (!HasInput(i) || In(i).known == nullptr || !In(i).shape.known()) return false;
  if (In(i).dtype != DType::kInt64 && In(i).dtype != DType::kInt32) return false;
  const int64_t count = In(i).shape.Elements();
  if (count > IntList::kMost) return false;
  list->size = static_cast<int>(count);
  for (int k = 0; k < list->size; ++k) {
    list->values[k] =
        In(i).dtype == DType::kInt64 ? static_cast<const int64_t*>(In(i).known)[k] : static_cast<const int32_t*>(In(i).known)[k];
  }
  return true;
}

bool InferContext::KnownInt(int i, int64_t* value) const {
  if (!HasInput(i) || In(i).known == nullptr || !In(i).shape.known() || In(i).shape.Elements() != 1) return false;
  switch (In(i).dtype) {
    case DType::kInt64: *value = *static_cast<const int64_t*>(In(i).known); return true;
    case DType::kInt32: *value = *static_cast<const int32_t*>(In(i).known); return true;
    default: return false;
  }
}

Status InferContext::ExpectRank(int i, int rank) const {
  if (In(i).kind != ValueKind::kTensor) {
    return Error(Code::kTypeMismatch, "Input %d is a %s", i, ValueKindName(In(i).kind)).Expected("a tensor");
  }
  if (!In(i).shape.rank_known() || In(i).shape.rank() == rank) return OkStatus();
  return Error(Code::kShapeMismatch, "Input %d has the wrong rank", i)
      .Expected("rank %d", rank)
      .Actual("%s", ShapeText(In(i).shape).text);
}

Status InferContext::ExpectSameDType(int i, int j) const {
  if (In(i).dtype == In(j).dtype || In(i).dtype == DType::kUndefined || In(j).dtype == DType::kUndefined) return OkStatus();
  return Error(Code::kTypeMismatch, "Inputs %d and %d must have the same type", i, j)
      .Expected("%s", DTypeName(In(i).dtype))
      .Actual("%s", DTypeName(In(j).dtype));
}

Result<void*> BindContext::Allocate(size_t bytes) {
  void* memory = memory_.Allocate(bytes);
  if (memory == nullptr) return OutOfMemory(bytes, "a plan");
  return memory;
}

ValueId LowerContext::Add(std::string_view op, std::vector<ValueId> inputs, std::string_view domain) {
  return AddMany(op, std::move(inputs), 1, domain)[0];
}

std::vector<ValueId> LowerContext::AddMany(std::string_view op, std::vector<ValueId> inputs, int outputs,
                                           std::string_view domain) {
  auto node = std::make_unique<Node>();
  node->name = source_.name;
  node->op = op;
  node->domain = domain;
  node->inputs = std::move(inputs);
  for (int i = 0; i < outputs; ++i) node->outputs.push_back(graph_.AddValue(""));
  added_.push_back(std::move(node));
  return added_.back()->outputs;
}

Result<ValueId> LowerContext::Scalar(DType dtype, double value) {
  WEBINFER_ASSIGN(Tensor tensor, Tensor::Create(dtype, Shape()));
  switch (dtype) {
    case DType::kFloat32: *tensor.As<float>() = static_cast<float>(value); break;
    case DType::kFloat64: *tensor.As<double>() = value; break;
    case DType::kFloat16: *tensor.As<uint16_t>() = FloatToHalf(static_cast<float>(value)); break;
    case DType::kBfloat16: *tensor.As<uint16_t>() = FloatToBfloat(static_cast<float>(value)); break;
    case DType::kInt64: *tensor.As<int64_t>() = static_cast<int64_t>(value); break;
    case DType::kUint64: *tensor.As<uint64_t>() = static_cast<uint64_t>(value); break;
    case DType::kInt32: *tensor.As<int32_t>() = static_cast<int32_t>(value); break;
    case DType::kUint32: *tensor.As<uint32_t>() = static_cast<uint32_t>(value); break;
    case DType::kInt16: *tensor.As<int16_t>() = static_cast<int16_t>(value); break;
    case DType::kUint16: *tensor.As<uint16_t>() = static_cast<uint16_t>(value); break;
    case DType::kInt8: *tensor.As<int8_t>() = static_cast<int8_t>(value); break;
    case DType::kUint8: *tensor.As<uint8_t>() = static_cast<uint8_t>(value); break;
    case DType::kBool: *tensor.As<uint8_t>() = value != 0; break;
    default: return Error(Code::kUnsupported, "No scalar constant of type %s", DTypeName(dtype));
  }
  return graph_.AddConstant("", std::make_shared<Tensor>(std::move(tensor)));
}

Result<ValueId> LowerContext::Ints(std::span<const int64_t> values) {
  WEBINFER_ASSIGN(Tensor tensor, Tensor::Create(DType::kInt64, Shape({static_cast<int64_t>(values.size())})));
  if (!values.empty()) std::memcpy(tensor.buffer.data(), values.data(), values.size_bytes());
  return graph_.AddConstant("", std::make_shared<Tensor>(std::move(tensor)));
}

Result<ValueId> LowerContext::Floats(std::span<const float> values, const Shape& shape) {
  WEBINFER_ASSIGN(Tensor tensor, Tensor::Create(DType::kFloat32, shape));
  if (!values.empty()) std::memcpy(tensor.buffer.data(), values.data(), values.size_bytes());
  return graph_.AddConstant("", std::make_shared<Tensor>(std::move(tensor)));
}

void LowerContext::Return(int i, ValueId value) {
  if (i >= static_cast<int>(source_.outputs.size()) || source_.outputs[static_cast<size_t>(i)] == kNoValue) return;
  const ValueId wanted = source_.outputs[static_cast<size_t>(i)];
  ValueId made = kNoValue;
  for (const auto& node : added_) {
    for (ValueId& id : node->outputs) {
      if (id == value) made = id = wanted;
    }
  }
  if (made == kNoValue) {  // an input, a constant, or returned twice: one more node carries the name
    Add("Identity", {value});
    added_.back()->outputs[0] = wanted;
    return;
  }
  for (const auto& node : added_) {
    for (ValueId& id : node->inputs) {
      if (id == value) id = wanted;
    }
  }
}

void PrepareContext::Keep(int slot, std::shared_ptr<const Buffer> data) {
  if (target_.prepared.size() <= static_cast<size_t>(slot)) target_.prepared.resize(static_cast<size_t>(slot) + 1);
  target_.prepared[static_cast<size_t>(slot)] = std::move(data);
}

bool PrepareContext::Spend(uint64_t bytes) {
  if (bytes > spare_bytes_) return false;
  spare_bytes_ -= bytes;
  return true;
}

}  // namespace webinfer
