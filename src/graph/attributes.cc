#include "graph/attributes.h"

#include <algorithm>

namespace webinfer {

const Attribute* Attributes::Find(std::string_view name) const {
  for (const Attribute& attribute : list_) {
    if (attribute.name == name) return &attribute;
  }
  return nullptr;
}

int64_t Attributes::Int(std::string_view name, int64_t otherwise) const {
  const Attribute* a = Find(name);
  return a != nullptr && a->kind == Attribute::Kind::kInt ? a->i : otherwise;
}

float Attributes::Float(std::string_view name, float otherwise) const {
  const Attribute* a = Find(name);
  return a != nullptr && a->kind == Attribute::Kind::kFloat ? a->f : otherwise;
}

std::string_view Attributes::String(std::string_view name, std::string_view otherwise) const {
  const Attribute* a = Find(name);
  return a != nullptr && a->kind == Attribute::Kind::kString ? std::string_view(a->s) : otherwise;
}

std::span<const int64_t> Attributes::Ints(std::string_view name) const {
  const Attribute* a = Find(name);
  return a != nullptr ? std::span<const int64_t>(a->ints) : std::span<const int64_t>();
}

std::span<const float> Attributes::Floats(std::string_view name) const {
  const Attribute* a = Find(name);
  return a != nullptr ? std::span<const float>(a->floats) : std::span<const float>();
}

std::span<const std::string> Attributes::Strings(std::string_view name) const {
  const Attribute* a = Find(name);
  return a != nullptr ? std::span<const std::string>(a->strings) : std::span<const std::string>();
}

const Tensor* Attributes::TensorOf(std::string_view name) const {
  const Attribute* a = Find(name);
  return a != nullptr ? a->tensor.get() : nullptr;
}

void Attributes::Set(Attribute attribute) {
  Remove(attribute.name);
  list_.push_back(std::move(attribute));
}

void Attributes::SetInt(std::string_view name, int64_t value) {
  Attribute a;
  a.name = name;
  a.kind = Attribute::Kind::kInt;
  a.i = value;
  Set(std::move(a));
}

void Attributes::SetFloat(std::string_view name, float value) {
  Attribute a;
  a.name = name;
  a.kind = Attribute::Kind::kFloat;
  a.f = value;
  Set(std::move(a));
}

void Attributes::SetString(std::string_view name, std::string_view value) {
  Attribute a;
  a.name = name;
  a.kind = Attribute::Kind::kString;
  a.s = value;
  Set(std::move(a));
}

void Attributes::SetInts(std::string_view name, std::vector<int64_t> values) {
  Attribute a;
  a.name = name;
  a.kind = Attribute::Kind::kInts;
  a.ints = std::move(values);
  Set(std::move(a));
}

void Attributes::Remove(std::string_view name) {
  std::erase_if(list_, [&](const Attribute& a) { return a.name == name; });
}

}  // namespace webinfer
