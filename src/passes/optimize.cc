// Runs all passes over a model: Import, then the passes of the registry on each graph, then the preparation of weights.
#include <algorithm>
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
    WEBINFER_TRY(Import(model_, symbols_, pool_));
    Report("import", model_.graph);
    return RunPasses(model_.graph);
  }

 private:
  Status RunPasses(Graph& graph) {
    Editor editor(model_, graph, symbols_, pool_);
    WEBINFER_TRY(editor.Start());
    for (const Pass& pass : passes_) {
      if (!pass.required && !options_.optimize) continue;
      editor.ResetChanged();
      PassContext context{model_, graph, options_, editor};
      WEBINFER_TRY(pass.run(context));
      if (!editor.changed()) continue;
      editor.Finish();
      Report(pass.name, graph);
      WEBINFER_TRY(editor.Start());
    }
    for (const auto& node : graph.nodes) {
      for (const auto& body : node->bodies) WEBINFER_TRY(RunPasses(*body));
    }
    return OkStatus();
  }

  void Report(std::string_view pass, const Graph& graph) {
    if (options_.report == nullptr) return;
    *options_.report += "after " + std::string(pass) + ": " + std::to_string(graph.nodes.size()) + " nodes\n";
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
  return PrepareWeights(model, options.spare_bytes);
}

}  // namespace webinfer
