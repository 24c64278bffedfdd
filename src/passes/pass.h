// Graph rewriting: one pass per file under src/passes, listed by its WEBINFER_PASS line, run by Optimize in that order.
//
// Before the passes, Import (passes/import.h) resolves, lowers, infers and folds. A pass then works on one graph, through an
// Editor (passes/editor.h) that keeps uses and infos current; the driver visits the bodies of control flow.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/graph.h"
#include "ops/op.h"

namespace webinfer {

struct PassOptions {
  bool optimize = true;  // false: only passes marked `required`
  bool deterministic = false;
  uint64_t spare_bytes = 0;       // for second copies of weights (PrepareContext::Spend)
  std::string* report = nullptr;  // gets what each pass did, a line for each that changed something
  bool prepare = true;            // false: weights stay as they are, for a model that is to be written
};

// What is known of every value of a graph while it is prepared (indexed by ValueId). Sizes below kUnknownDim are symbols.
using GraphInfo = std::vector<ValueInfo>;

// Gives unknown sizes their symbols: one per dimension name of the model, a fresh one for each size nobody knows anything of.
class SymbolTable {
 public:
  int64_t Named(std::string_view name);
  int64_t Fresh() { return next_--; }
  // The size that a rule makes of size `from`: the same for the same rule.
  int64_t Derived(int64_t from, const std::string& rule);

 private:
  std::vector<std::pair<std::string, int64_t>> names_;
  std::map<std::pair<int64_t, std::string>, int64_t> derived_;
  int64_t next_ = kUnknownDim - 1;
};

class Editor;

struct PassContext {
  Model& model;
  Graph& graph;
  const PassOptions& options;
  Editor& editor;
};

struct Pass {
  std::string_view name;
  bool required = false;
  Status (*run)(PassContext& context) = nullptr;
};

// Resolves operators, lowers, folds, fuses and lays out, then prepares weights: after it every node of the model has a `def`
// with a kernel. An operator nobody knows is an error that lists all such operators of the model.
Status Optimize(Model& model, const PassOptions& options);

}  // namespace webinfer

// Defines the pass `Id`; `order` decides when it runs (ties by name).
#define WEBINFER_PASS(Id, order) ::webinfer::Pass WebinferPass_##Id()
