// A node's attributes: few, small, looked up by name.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/memory.h"
#include "tensor/tensor.h"

namespace webinfer {

struct Attribute {
  enum class Kind : uint8_t { kNone, kInt, kFloat, kString, kInts, kFloats, kStrings, kTensor, kGraph, kTypeProto };
  std::string name;
  Kind kind = Kind::kNone;  // a type is its element type in `i` and "tensor", "sequence" or "optional" in `s`
  int64_t i = 0;
  float f = 0;
  std::string s;
  std::vector<int64_t> ints;
  std::vector<float> floats;
  std::vector<std::string> strings;
  std::shared_ptr<const Tensor> tensor;
  int graph = -1;  // index into Node::bodies
};

class Attributes {
 public:
  const Attribute* Find(std::string_view name) const;
  bool Has(std::string_view name) const { return Find(name) != nullptr; }
  int64_t Int(std::string_view name, int64_t otherwise) const;
  float Float(std::string_view name, float otherwise) const;
  std::string_view String(std::string_view name, std::string_view otherwise) const;
  // Empty if absent.
  std::span<const int64_t> Ints(std::string_view name) const;
  std::span<const float> Floats(std::string_view name) const;
  std::span<const std::string> Strings(std::string_view name) const;
  const Tensor* TensorOf(std::string_view name) const;

  // Replaces an attribute of the same name.
  void Set(Attribute attribute);
  void SetInt(std::string_view name, int64_t value);
  void SetFloat(std::string_view name, float value);
  void SetString(std::string_view name, std::string_view value);
  void SetInts(std::string_view name, std::vector<int64_t> values);
  void Remove(std::string_view name);

  std::vector<Attribute>& all() { return list_; }
  const std::vector<Attribute>& all() const { return list_; }

 private:
  std::vector<Attribute> list_;
};

}  // namespace webinfer
