#include "tensor/tensor.h"

#include <cstring>

namespace webinfer {

namespace {
constexpr size_t kPoolBlock = 16 << 10;
}  // namespace

Result<Tensor> Tensor::Create(DType dtype, const Shape& shape) {
  WEBINFER_ASSIGN(const int64_t elements, shape.CheckedElements());
  Tensor tensor;
  tensor.dtype = dtype;
  tensor.shape = shape;
  WEBINFER_TRY(tensor.buffer.Allocate(BytesOf(dtype, static_cast<uint64_t>(elements)), "a tensor"));
  return tensor;
}

Result<const StringData*> StringPool::Add(std::string_view text) {
  const size_t needed = (sizeof(StringData) + text.size() + alignof(StringData) - 1) / alignof(StringData) * alignof(StringData);
  if (blocks_.empty() || blocks_.back().size() - used_ < needed) {
    Buffer block;
    WEBINFER_TRY(block.Allocate(needed > kPoolBlock ? needed : kPoolBlock, "strings"));
    blocks_.push_back(std::move(block));
    used_ = 0;
  }
  auto* string = reinterpret_cast<StringData*>(blocks_.back().data() + used_);
  used_ += needed;
  string->length = static_cast<uint32_t>(text.size());
  std::memcpy(string + 1, text.data(), text.size());
  return static_cast<const StringData*>(string);
}

void StringPool::Clear() {
  if (blocks_.size() > 1) blocks_.erase(blocks_.begin() + 1, blocks_.end());
  used_ = 0;
}

const char* ValueKindName(ValueKind kind) {
  switch (kind) {
    case ValueKind::kTensor: return "tensor";
    case ValueKind::kSequence: return "sequence";
    case ValueKind::kOptional: return "optional";
    case ValueKind::kMap: return "map";
  }
  return "?";
}

Status RuntimeValue::Resize(DType dtype, const Shape& shape) {
  WEBINFER_ASSIGN(const int64_t count, shape.CheckedElements());
  kind = ValueKind::kTensor;
  present = true;
  elements.clear();
  tensor.dtype = dtype;
  tensor.shape = shape;
  return tensor.buffer.Reserve(BytesOf(dtype, static_cast<uint64_t>(count)), "a result");
}

Status RuntimeValue::CopyFrom(const TensorView& other) {
  WEBINFER_TRY(Resize(other.dtype, other.shape));
  if (other.bytes() > 0) std::memcpy(tensor.buffer.data(), other.data, other.bytes());
  return OkStatus();
}

Status RuntimeValue::CopyFrom(const RuntimeValue& other) {
  if (other.kind == ValueKind::kTensor && other.present) return CopyFrom(other.tensor.view());
  kind = other.kind;
  present = other.present;
  tensor = Tensor();
  tensor.dtype = other.tensor.dtype;
  elements.resize(other.elements.size());
  for (size_t i = 0; i < elements.size(); ++i) WEBINFER_TRY(elements[i].CopyFrom(other.elements[i]));
  return OkStatus();
}

Status RuntimeValue::ResizeMap(DType key, DType value, int64_t count) {
  kind = ValueKind::kMap;
  present = true;
  tensor.dtype = value;
  elements.resize(2);
  WEBINFER_TRY(elements[0].Resize(key, Shape({count})));
  return elements[1].Resize(value, Shape({count}));
}

bool RuntimeValue::IsMap() const {
  if (kind != ValueKind::kMap || elements.size() != 2) return false;
  if (elements[0].kind != ValueKind::kTensor || elements[1].kind != ValueKind::kTensor) return false;
  const Tensor &keys = map_keys(), &values = map_values();
  return (keys.dtype == DType::kInt64 || keys.dtype == DType::kString) && keys.shape.rank() == 1 && keys.shape == values.shape &&
         values.dtype == tensor.dtype;
}

}  // namespace webinfer
