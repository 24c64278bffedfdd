#include "passes/common_subexpressions.h"

#include <bit>
#include <functional>
#include <unordered_map>

namespace webinfer {

namespace {

constexpr size_t kMostComparedBytes = 256;  // of constants that are compared by content

void Mix(size_t* hash, size_t value) { *hash = (*hash ^ value) * 0x9e3779b97f4a7c15ull + (*hash >> 29); }

size_t HashOf(const Node& node) {
  size_t hash = std::hash<std::string>()(node.op);
  for (ValueId id : node.inputs) Mix(&hash, static_cast<size_t>(id) + 1);
  for (const Attribute& a : node.attributes.all()) {
    Mix(&hash, static_cast<size_t>(a.i));
    Mix(&hash, std::bit_cast<uint32_t>(a.f));
    for (int64_t v : a.ints) Mix(&hash, static_cast<size_t>(v));
  }
  return hash;
}

bool SameFloat(float a, float b) { return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b); }

bool SameAttributes(const Attributes& a, const Attributes& b) {
  if (a.all().size() != b.all().size()) return false;
  for (const Attribute& left : a.all()) {
    const Attribute* right = b.Find(left.name);
    if (right == nullptr || right->kind != left.kind || left.kind == Attribute::Kind::kGraph ||
        left.kind == Attribute::Kind::kTypeProto || left.i != right->i || !SameFloat(left.f, right->f) || left.s != right->s ||
        left.ints != right->ints || left.strings != right->strings || left.tensor != right->tensor ||
        left.floats.size() != right->floats.size()) {
      return false;
    }
    for (size_t i = 0; i < left.floats.size(); ++i) {
      if (!SameFloat(left.floats[i], right->floats[i])) return false;
    }
  }
  return true;
}

bool Same(const Node& a, const Node& b) {
  return a.op == b.op && a.domain == b.domain && a.inputs == b.inputs && a.outputs.size() == b.outputs.size() &&
         SameAttributes(a.attributes, b.attributes);
}

// Small constants of the same content become one value, so that nodes that read them compare equal.
void MergeConstants(Editor& editor) {
  std::unordered_multimap<size_t, ValueId> seen;
  for (size_t i = 0; i < editor.graph().values.size(); ++i) {
    const auto id = static_cast<ValueId>(i);
    const Tensor* tensor = editor.Constant(id);
    if (tensor == nullptr || editor.Users(id).empty() || editor.IsOutput(id) || tensor->dtype == DType::kString) continue;
    const size_t bytes = BytesOf(tensor->dtype, static_cast<uint64_t>(tensor->shape.Elements()));
    if (bytes > kMostComparedBytes) continue;
    const std::string_view content(reinterpret_cast<const char*>(tensor->buffer.data()), bytes);
    const size_t hash = std::hash<std::string_view>()(content);
    bool found = false;
    for (auto [it, end] = seen.equal_range(hash); it != end && !found; ++it) {
      const Tensor* other = editor.Constant(it->second);
      found = other->dtype == tensor->dtype && other->shape == tensor->shape &&
              content == std::string_view(reinterpret_cast<const char*>(other->buffer.data()), bytes);
      if (found) editor.ReplaceUses(id, it->second);
    }
    if (!found) seen.emplace(hash, id);
  }
}

}  // namespace

void MergeCommonSubexpressions(Editor& editor) {
  MergeConstants(editor);
  std::unordered_multimap<size_t, Node*> seen;
  for (const auto& node : editor.graph().nodes) {
    if (node->op.empty() || node->def == nullptr || !node->def->deterministic || !node->bodies.empty()) continue;
    const size_t hash = HashOf(*node);
    Node* twin = nullptr;
    for (auto [it, end] = seen.equal_range(hash); it != end && twin == nullptr; ++it) {
      if (!it->second->op.empty() && Same(*node, *it->second)) twin = it->second;
    }
    if (twin == nullptr) {
      seen.emplace(hash, node.get());
      continue;
    }
    const std::vector<ValueId> outputs = node->outputs;
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (outputs[i] != kNoValue && twin->outputs[i] != kNoValue) editor.ReplaceUses(outputs[i], twin->outputs[i]);
    }
  }
}

namespace {

Status Run(PassContext& context) {
  MergeCommonSubexpressions(context.editor);
  return OkStatus();
}

}  // namespace

}  // namespace webinfer

WEBINFER_PASS(CommonSubexpressions, 5) { return {.name = "common_subexpressions", .run = webinfer::Run}; }
WEBINFER_PASS(CommonSubexpressionsAgain, 46) { return {.name = "common_subexpressions", .run = webinfer::Run}; }
