// Runs all passes over a model: Import, then the passes of the registry on each graph, then the preparation of weights.
#include <map>
#include <string>
#include <utility>

#include "passes/editor.h"
#include "passes/import.h"
#include "passes/prepare.h"

#define WEBINFER_PASS_ENTRY(Id) ::webinfer::Pass WebinferPass_##Id();
#include "passes_registry.inc"
#undef WEBINFER_PASS_ENTRY

namespace webinfer {

namespace {

std::vector<Pass> AllPasses() {
  return {
#define WEBINFER_PASS_ENTRY(Id) WebinferPass_##Id(),
#include "passes_registry.inc"
#undef WEBINFER_PASS_ENTRY
  };
}

class Driver {
 public:
  Driver(Model& model, const PassOptions& options) : model_(model), options_(options), pool_(1) {}

  Status Run() {
    const auto before = CountOps(model_.graph);
    WEBINFER_TRY(Import(model_, symbols_, pool_));
    Report("import", before, model_.graph);
    return RunPasses(model_.graph);
  }

 private:
  Status RunPasses(Graph& graph) {
    Editor editor(model_, graph, symbols_, pool_);
    WEBINFER_TRY(editor.Start());
    for (const Pass& pass : passes_) {
      if (!pass.required && !options_.optimize) continue;
      const auto before = CountOps(graph);
      editor.ResetChanged();
      PassContext context{model_, graph, options_, editor};
      WEBINFER_TRY(pass.run(context));
      if (!editor.changed()) continue;
      editor.Finish();
      Report(pass.name, before, graph);
      WEBINFER_TRY(editor.Start());
    }
    for (const auto& node : graph.nodes) {
      for (const auto& body : node->bodies) WEBINFER_TRY(RunPasses(*body));
    }
    return OkStatus();
  }

  // "layout: 430 -> 315 nodes  -115 Transpose" for a pass that changed something.
  void Report(std::string_view pass, const std::map<std::string, int>& before, const Graph& graph) {
    if (options_.report == nullptr) return;
    const std::map<std::string, int> after = CountOps(graph);
    const auto total = [](const std::map<std::string, int>& ops) {
      int sum = 0;
      for (const auto& [op, count] : ops) sum += count;
      return sum;
    };
    std::string changes;
    std::map<std::string, int> difference = after;
    for (const auto& [op, count] : before) difference[op] -= count;
    for (const auto& [op, count] : difference) {
      if (count != 0) changes += (count > 0 ? "  +" : "  ") + std::to_string(count) + " " + op;
    }
    *options_.report += std::string(pass) + ": " + std::to_string(total(before)) + " -> " + std::to_string(total(after)) +
                        " nodes" + changes + "\n";
  }

  std::map<std::string, int> CountOps(const Graph& graph) const {
    std::map<std::string, int> ops;
    if (options_.report == nullptr) return ops;
    for (const auto& node : graph.nodes) ++ops[(node->domain.empty() ? "" : node->domain + ".") + node->op];
    return ops;
  }

  Model& model_;
  const PassOptions& options_;
  ThreadPool pool_;
  SymbolTable symbols_;
  std::vector<Pass> passes_ = AllPasses();
};

}  // namespace

Status Optimize(Model& model, const PassOptions& options) {
  WEBINFER_TRY(Driver(model, options).Run());
  return options.prepare ? PrepareWeights(model, options.spare_bytes) : OkStatus();
}

}  // namespace webinfer
