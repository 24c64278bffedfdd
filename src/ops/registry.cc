// The list of all operators, generated from the files under src/ops.
#include <algorithm>
#include <utility>
#include <vector>

#include "ops/math/expression.h"
#include "ops/op.h"

#define WEBINFER_OP_ENTRY(Id) ::webinfer::OpDef WebinferOp_##Id();
#include "ops_registry.inc"
#undef WEBINFER_OP_ENTRY

namespace webinfer {

namespace {

using Key = std::pair<std::string_view, std::string_view>;

Key KeyOf(const OpDef& def) { return {def.domain, def.name}; }

const std::vector<OpDef>& Sorted() {
  static const std::vector<OpDef> ops = [] {
    std::vector<OpDef> list = {
#define WEBINFER_OP_ENTRY(Id) WebinferOp_##Id(),
#include "ops_registry.inc"
#undef WEBINFER_OP_ENTRY
    };
    for (OpDef& def : list) {
      if (def.expression == nullptr) continue;
      if (def.infer == nullptr) def.infer = ops::InferExpression;
      if (def.bind == nullptr) def.bind = ops::BindExpression;
      if (def.layout == Layout::kFixed) def.layout = Layout::kElementwise;
    }
    std::sort(list.begin(), list.end(), [](const OpDef& a, const OpDef& b) { return KeyOf(a) < KeyOf(b); });
    return list;
  }();
  return ops;
}

}  // namespace

std::span<const OpDef> AllOps() { return Sorted(); }

const OpDef* FindOp(std::string_view domain, std::string_view name) {
  if (domain == "ai.onnx") domain = "";
  const std::vector<OpDef>& ops = Sorted();
  const auto it = std::lower_bound(ops.begin(), ops.end(), Key(domain, name),
                                   [](const OpDef& def, const Key& key) { return KeyOf(def) < key; });
  return it != ops.end() && it->domain == domain && it->name == name ? &*it : nullptr;
}

}  // namespace webinfer
