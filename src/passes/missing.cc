#include "passes/missing.h"

#include <algorithm>
#include <numeric>

namespace webinfer {

namespace {

thread_local std::vector<MissingOperator> last_missing;

std::string_view Shown(std::string_view domain) { return domain.empty() ? "ai.onnx" : domain; }

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

// Insertions, deletions and replacements between two names.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replaced}));
    }
  }
  return row[b.size()];
}

std::string Describe(const MissingOperator& missing) {
  std::string text = missing.Name() + " (opset " + std::to_string(missing.opset) + ", ";
  text += missing.nodes.size() == 1 ? "node " : std::to_string(missing.nodes.size()) + " nodes: ";
  for (size_t i = 0; i < missing.nodes.size(); ++i) text += (i == 0 ? "\"" : ", \"") + missing.nodes[i] + "\"";
  std::string types;
  for (const std::string& type : missing.types) types += (types.empty() ? "" : ", ") + (type.empty() ? "?" : type);
  if (!types.empty()) text += "; inputs " + types;
  return text + ")";
}

}  // namespace

std::string NearestOperator(std::string_view domain, std::string_view op) {
  const std::string wanted = Lower(op);
  size_t least = std::max<size_t>(1, wanted.size() / 5) + 1;
  std::string nearest;
  for (const OpDef& def : AllOps()) {
    if (def.domain == "webinfer" || (def.domain == domain && def.name == op)) continue;
    const size_t distance = Distance(wanted, Lower(def.name)) + (def.domain == domain ? 0 : 1);
    if (distance >= least && !(def.name == op && nearest.empty())) continue;
    least = std::min(least, distance);
    nearest = std::string(Shown(def.domain)) + "." + std::string(def.name);
  }
  return nearest;
}

MissingOperators::MissingOperators() { last_missing.clear(); }

void MissingOperators::Add(const Node& node, std::span<const ValueInfo> inputs) {
  const std::string_view domain = Shown(node.domain);
  const auto known =
      std::find_if(list_.begin(), list_.end(), [&](const auto& other) { return other.domain == domain && other.op == node.op; });
  if (known != list_.end()) {
    known->nodes.push_back(node.name);
    return;
  }
  MissingOperator missing{std::string(domain), node.op, node.opset, {node.name}, {}, NearestOperator(node.domain, node.op)};
  for (const ValueInfo& input : inputs) {
    const bool typed = input.present && input.dtype != DType::kUndefined;
    missing.types.push_back(typed ? DTypeName(input.dtype) : "");
  }
  list_.push_back(std::move(missing));
}

Status MissingOperators::Report() const {
  if (list_.empty()) return OkStatus();
  std::string text, suggestions;
  for (const MissingOperator& missing : list_) {
    text += (text.empty() ? "" : ", ") + Describe(missing);
    if (!missing.suggestion.empty()) suggestions += " The nearest to " + missing.Name() + " is " + missing.suggestion + ".";
  }
  last_missing = list_;
  return Error(Code::kUnsupported, list_.size() == 1 ? "%zu operator is missing: %s" : "%zu operators are missing: %s",
               list_.size(), text.c_str())
      .Op("%s", list_[0].Name().c_str())
      .Hint("This build does not have them.%s", suggestions.c_str());
}

const std::vector<MissingOperator>& LastMissingOperators() { return last_missing; }

}  // namespace webinfer
