// Tensors that own their elements, and views that do not.
//
// Elements are contiguous, row-major. A string element is a `const StringData*` into a StringPool, so that operators which
// only move elements serve strings like any other 4- or 8-byte type.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/dtype.h"
#include "base/memory.h"
#include "tensor/shape.h"

namespace webinfer {

struct TensorView {
  DType dtype = DType::kUndefined;
  Shape shape;
  void* data = nullptr;

  template <typename T>
  T* As() const {
    return static_cast<T*>(data);
  }
  uint64_t bytes() const { return BytesOf(dtype, static_cast<uint64_t>(shape.Elements())); }
};

struct Tensor {
  DType dtype = DType::kUndefined;
  Shape shape;
  Buffer buffer;

  // Uninitialised elements.
  static Result<Tensor> Create(DType dtype, const Shape& shape);
  TensorView view() const { return {dtype, shape, const_cast<uint8_t*>(buffer.data())}; }
  template <typename T>
  T* As() {
    return reinterpret_cast<T*>(buffer.data());
  }
  template <typename T>
  const T* As() const {
    return reinterpret_cast<const T*>(buffer.data());
  }
};

// One immutable string; lives as long as its pool.
struct StringData {
  uint32_t length;
  const char* chars() const { return reinterpret_cast<const char*>(this + 1); }
  std::string_view view() const { return {chars(), length}; }
};

// Owns strings until it is cleared: one per session for constants, one per run for results.
class StringPool {
 public:
  Result<const StringData*> Add(std::string_view text);
  void Clear();

 private:
  std::vector<Buffer> blocks_;
  size_t used_ = 0;  // bytes of the last block
};

// What a value can be besides a tensor: a sequence of values, an optional that may be empty, or a map.
enum class ValueKind : uint8_t { kTensor, kSequence, kOptional, kMap };
const char* ValueKindName(ValueKind kind);  // "tensor", "sequence", ...

// A value whose shape is only known once it has been computed: owns its tensor, or its elements. A sequence has its tensors
// in `elements` and their type in tensor.dtype. An optional is its content; only an empty one is of kind kOptional. A map has
// two elements: its keys, int64 or string [N], and their values [N] in the same order, whose type is tensor.dtype.
struct RuntimeValue {
  ValueKind kind = ValueKind::kTensor;
  bool present = true;  // false: an empty optional
  Tensor tensor;
  std::vector<RuntimeValue> elements;

  // Makes this a tensor of `shape`, reusing the memory it has when that is enough.
  Status Resize(DType dtype, const Shape& shape);
  Status CopyFrom(const RuntimeValue& other);

  // Makes this a map of `count` keys and values to be filled in, reusing the memory it has.
  Status ResizeMap(DType key, DType value, int64_t count);
  // Whether this is a map as described above; one that comes from outside may not be.
  bool IsMap() const;
  Tensor& map_keys() { return elements[0].tensor; }
  const Tensor& map_keys() const { return elements[0].tensor; }
  Tensor& map_values() { return elements[1].tensor; }
  const Tensor& map_values() const { return elements[1].tensor; }
  Status CopyFrom(const TensorView& other);
};

}  // namespace webinfer
