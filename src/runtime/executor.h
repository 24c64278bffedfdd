// Carries out bindings: one GraphExecutor per graph (the model's and each body of control flow), one Executor over them all.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <span>
#include <vector>

#include "plan/plan.h"
#include "runtime/profiler.h"

namespace webinfer {

// What stops a run before its end.
struct RunControl {
  std::atomic<bool> aborted{false};
  bool has_deadline = false;
  std::chrono::steady_clock::time_point deadline;
  Profiler* profiler = nullptr;
};

class GraphExecutor {
 public:
  // Bindings kept for input shapes that were seen before; the least recently used one is bound anew.
  static constexpr size_t kMostBindings = 8;

  static Result<std::unique_ptr<GraphExecutor>> Create(const Graph& graph);

  // Starts at the first step. `inputs` (one per graph input) must stay until the run is done; `into` says which
  // output may be written over an input (one number per input, -1 for none; or empty).
  Status Begin(std::span<const Operand> inputs, std::span<const int32_t> into, uint64_t wanted_outputs, RunContext& run);
  // Sets *done = false when the deadline came first.
  Status Continue(RunControl& control, RunContext& run, bool* done);
  // After the last step; valid until the next Begin.
  std::span<const Operand> outputs() const { return {binding_->outputs, plan_->graph().outputs.size()}; }

  const Binding* binding() const { return binding_; }
  uint64_t arena_bytes() const { return arena_.size(); }
  uint64_t bindings_made() const { return bindings_made_; }

 private:
  explicit GraphExecutor(std::unique_ptr<Plan> plan) : plan_(std::move(plan)) {}
  Status FindBinding(std::span<const Operand> inputs, std::span<const int32_t> into, uint64_t wanted_outputs, RunContext& run);
  Status Resolve(std::span<const Operand> inputs);
  Status RunDeferred(PlannedStep& planned, RunContext& run);

  std::unique_ptr<Plan> plan_;
  std::vector<std::unique_ptr<Binding>> bindings_;
  Binding* binding_ = nullptr;
  std::vector<BindingInput> wanted_inputs_;
  Buffer arena_;
  Buffer scratch_;               // of deferred steps
  BlockMemory deferred_memory_;  // parameters of the deferred step that runs
  size_t next_ = 0;
  uint64_t runs_ = 0;
  uint64_t bindings_made_ = 0;
};

class Executor final : public BodyRunner {
 public:
  static Result<std::unique_ptr<Executor>> Create(const Graph& graph, int threads);

  Status Begin(std::span<const Operand> inputs, std::span<const int32_t> into, uint64_t wanted_outputs);
  Status Continue(bool* done) { return main_->Continue(control_, run_, done); }
  Status RunBody(const Node& node, int body, std::span<const Operand> inputs, std::span<const Operand>* outputs) override;

  RunControl& control() { return control_; }
  const GraphExecutor& main() const { return *main_; }
  uint64_t arena_bytes() const;

 private:
  explicit Executor(int threads) : pool_(threads), run_(pool_, strings_, *this) {}
  Status AddBodies(const Graph& graph);

  ThreadPool pool_;
  StringPool strings_;
  RunContext run_;
  RunControl control_;
  std::unique_ptr<GraphExecutor> main_;
  struct Body {
    const Graph* graph;
    std::unique_ptr<GraphExecutor> executor;
  };
  std::vector<Body> bodies_;  // by address
};

}  // namespace webinfer
