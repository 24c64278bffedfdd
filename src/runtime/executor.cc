#include "runtime/executor.h"

#include <algorithm>

namespace webinfer {

namespace {

const uint8_t* BaseOf(const Operand& input) {
  return static_cast<const uint8_t*>(input.kind == ValueKind::kTensor ? input.data : static_cast<const void*>(input.value));
}

}  // namespace

Result<std::unique_ptr<GraphExecutor>> GraphExecutor::Create(const Graph& graph) {
  WEBINFER_ASSIGN(std::unique_ptr<Plan> plan, Plan::Create(graph));
  return std::unique_ptr<GraphExecutor>(new GraphExecutor(std::move(plan)));
}

Status GraphExecutor::FindBinding(std::span<const Operand> inputs, std::span<const int32_t> into, uint64_t wanted_outputs,
                                  RunContext& run) {
  wanted_inputs_.resize(inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    wanted_inputs_[i] = {inputs[i].kind, inputs[i].dtype, inputs[i].shape, i < into.size() ? into[i] : -1};
  }
  for (const auto& binding : bindings_) {
    if (binding->wanted_outputs == wanted_outputs && binding->inputs == wanted_inputs_) {
      binding_ = binding.get();
      return OkStatus();
    }
  }
  binding_ = nullptr;
  if (bindings_.size() < kMostBindings) {
    bindings_.push_back(std::make_unique<Binding>());
    std::swap(bindings_.back(), bindings_.front());
  } else {
    std::iter_swap(bindings_.begin(), std::min_element(bindings_.begin(), bindings_.end(),
                                                       [](const auto& a, const auto& b) { return a->last_used < b->last_used; }));
  }
  Binding& binding = *bindings_.front();
  if (const Status status = plan_->Bind(wanted_inputs_, wanted_outputs, run, binding); !status.ok()) {
    bindings_.erase(bindings_.begin());
    return status;
  }
  ++bindings_made_;
  binding_ = &binding;
  return OkStatus();
}

Status GraphExecutor::Resolve(std::span<const Operand> inputs) {
  if (binding_->arena_bytes > arena_.size() || arena_.data() == nullptr) {
    // An eighth more, so that shapes that grow from run to run do not move the arena each time.
    WEBINFER_TRY(arena_.Allocate(binding_->arena_bytes + (bindings_made_ > 1 ? binding_->arena_bytes / 8 : 0), "values"));
  }
  if (binding_->arena != arena_.data()) {
    for (const Patch& patch : binding_->arena_patches) *patch.pointer = arena_.data() + patch.offset;
    for (PlannedStep& planned : binding_->steps) {
      if (planned.scratch_offset != PlannedStep::kNoScratch) planned.step.scratch = arena_.data() + planned.scratch_offset;
    }
    binding_->arena = arena_.data();
  }
  for (const Patch& patch : binding_->input_patches) {
    *patch.pointer = const_cast<uint8_t*>(BaseOf(inputs[static_cast<size_t>(patch.input)])) + patch.offset;
  }
  return OkStatus();
}

Status GraphExecutor::Begin(std::span<const Operand> inputs, std::span<const int32_t> into, uint64_t wanted_outputs,
                            RunContext& run) {
  WEBINFER_TRY(FindBinding(inputs, into, wanted_outputs, run));
  binding_->last_used = ++runs_;
  next_ = 0;
  return Resolve(inputs);
}

Status GraphExecutor::RunDeferred(PlannedStep& planned, RunContext& run) {
  Step& step = planned.step;
  for (int i = 0; i < step.input_count; ++i) {
    if (planned.sources[i] != nullptr) step.in[i] = *planned.sources[i];
  }
  deferred_memory_.Reset();
  return InferBindAndRun(*step.node, deferred_memory_, scratch_, run, step);
}

Status GraphExecutor::Continue(RunControl& control, RunContext& run, bool* done) {
  *done = false;
  while (next_ < binding_->steps.size()) {
    if (control.aborted.load(std::memory_order_relaxed)) return Error(Code::kAborted, "The run was aborted");
    PlannedStep& planned = binding_->steps[next_];
    const Profiler::Clock::time_point start =
        control.profiler != nullptr ? Profiler::Clock::now() : Profiler::Clock::time_point();
    const Status status = planned.deferred ? RunDeferred(planned, run) : planned.step.kernel(planned.step, run);
    if (!status.ok()) return AtNode(*planned.step.node, status);
    if (control.profiler != nullptr) control.profiler->Add(*planned.step.node, start);
    ++next_;
    if (control.has_deadline && next_ < binding_->steps.size() && Profiler::Clock::now() >= control.deadline) return OkStatus();
  }
  for (size_t i = 0; i < plan_->graph().outputs.size(); ++i) {
    if (binding_->output_sources[i] != nullptr) binding_->outputs[i] = *binding_->output_sources[i];
  }
  *done = true;
  return OkStatus();
}

Result<std::unique_ptr<Executor>> Executor::Create(const Graph& graph, int threads) {
  std::unique_ptr<Executor> executor(new Executor(threads));
  WEBINFER_ASSIGN(executor->main_, GraphExecutor::Create(graph));
  WEBINFER_TRY(executor->AddBodies(graph));
  std::sort(executor->bodies_.begin(), executor->bodies_.end(), [](const Body& a, const Body& b) { return a.graph < b.graph; });
  return executor;
}

Status Executor::AddBodies(const Graph& graph) {
  for (const auto& node : graph.nodes) {
    for (const auto& body : node->bodies) {
      WEBINFER_ASSIGN(std::unique_ptr<GraphExecutor> executor, GraphExecutor::Create(*body));
      bodies_.push_back({body.get(), std::move(executor)});
      WEBINFER_TRY(AddBodies(*body));
    }
  }
  return OkStatus();
}

Status Executor::Begin(std::span<const Operand> inputs, std::span<const int32_t> into, uint64_t wanted_outputs) {
  strings_.Clear();
  return main_->Begin(inputs, into, wanted_outputs, run_);
}

Status Executor::RunBody(const Node& node, int body, std::span<const Operand> inputs, std::span<const Operand>* outputs) {
  const Graph* graph = node.bodies[static_cast<size_t>(body)].get();
  const auto found = std::lower_bound(bodies_.begin(), bodies_.end(), graph,
                                      [](const Body& candidate, const Graph* wanted) { return candidate.graph < wanted; });
  GraphExecutor& executor = *found->executor;
  // Without steps in its body a loop would never look.
  if (control_.aborted.load(std::memory_order_relaxed)) return Error(Code::kAborted, "The run was aborted");
  if (inputs.size() != graph->inputs.size()) return Error(Code::kInternal, "A body is given the wrong number of inputs");
  WEBINFER_TRY(executor.Begin(inputs, {}, ~uint64_t{0}, run_));
  // A body runs to its end: only steps of the model's own graph are resumed.
  const bool has_deadline = std::exchange(control_.has_deadline, false);
  bool done = false;
  const Status status = executor.Continue(control_, run_, &done);
  control_.has_deadline = has_deadline;
  *outputs = executor.outputs();
  return status;
}

uint64_t Executor::arena_bytes() const {
  uint64_t bytes = main_->arena_bytes();
  for (const Body& body : bodies_) bytes += body.executor->arena_bytes();
  return bytes;
}

}  // namespace webinfer
