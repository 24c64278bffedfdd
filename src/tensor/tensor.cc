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

}  // namespace webinfer
