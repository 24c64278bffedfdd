// The list of all operators, generated from the files under src/ops.
#include "ops/registry.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "ops/math/expression.h"
#include "ops/op.h"

#define WEBINFER_OP_ENTRY(Id) ::webinfer::OpDef WebinferOp_##Id();
#include "ops_registry.inc"
#undef WEBINFER_OP_ENTRY

namespace webinfer {

// Not const and not static: subset builds (js/src/subset) find it by this name in the linker's map and put nulls into the
// finished binary, so the compiler must not look into it.
OpDef (*op_makers[])() = {
#define WEBINFER_OP_ENTRY(Id) WebinferOp_##Id,
#include "ops_registry.inc"
#undef WEBINFER_OP_ENTRY
};

namespace {

using Key = std::pair<std::string_view, std::string_view>;

Key KeyOf(const OpDef& def) { return {def.domain, def.name}; }

struct Registry {
  std::vector<RegisteredOp> listed;
  std::vector<OpDef> sorted;
  std::vector<size_t> positions;  // in `listed`, of each of `sorted`

  Registry() {
    std::vector<std::pair<OpDef, size_t>> made;
    for (OpDef (*make)() : op_makers) {
      if (make != nullptr) made.emplace_back(make(), listed.size());
      listed.push_back({make});
    }
    std::sort(made.begin(), made.end(), [](const auto& a, const auto& b) { return KeyOf(a.first) < KeyOf(b.first); });
    for (auto& [def, position] : made) {
      if (def.expression != nullptr) {
        if (def.infer == nullptr) def.infer = ops::InferExpression;
        if (def.bind == nullptr) def.bind = ops::BindExpression;
        if (def.layout == Layout::kFixed) def.layout = Layout::kElementwise;
      }
      sorted.push_back(def);
      positions.push_back(position);
    }
  }
};

Registry& TheRegistry() {
  static Registry registry;
  return registry;
}

}  // namespace

std::span<const OpDef> AllOps() { return TheRegistry().sorted; }
std::span<const RegisteredOp> RegisteredOps() { return TheRegistry().listed; }

const OpDef* FindOp(std::string_view domain, std::string_view name) {
  if (domain == "ai.onnx") domain = "";
  Registry& registry = TheRegistry();
  const auto it = std::lower_bound(registry.sorted.begin(), registry.sorted.end(), Key(domain, name),
                                   [](const OpDef& def, const Key& key) { return KeyOf(def) < key; });
  if (it == registry.sorted.end() || it->domain != domain || it->name != name) return nullptr;
  registry.listed[registry.positions[static_cast<size_t>(it - registry.sorted.begin())]].asked_for = true;
  return &*it;
}

}  // namespace webinfer
