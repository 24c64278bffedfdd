// From a prepared graph and concrete input shapes to a flat list of steps.
//
// A Plan belongs to one graph (the model's, or one body of a control-flow node). Bind turns it into a Binding: every shape an
// integer, every kernel chosen, every value given a place. What depends on shapes alone (integer shape arithmetic) is computed
// then and leaves no step. A step whose operands' shapes depend on data (after NonZero, NonMaxSuppression, an If whose
// branches differ, ...) is deferred: the executor infers and binds it when its inputs are there.
// A rebound Binding reuses the memory it has, so binding a model to one new shape after another allocates nothing in the end.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "ops/evaluate.h"
#include "ops/op.h"
#include "plan/arena.h"

namespace webinfer {

struct PlannedStep {
  Step step;
  bool deferred = false;
  // Deferred steps: where input i comes from when its shape is only known in the run; nullptr: step.in[i] is complete.
  const Operand** sources = nullptr;
  uint64_t scratch_offset = kNoScratch;  // in the arena

  static constexpr uint64_t kNoScratch = ~uint64_t{0};
};

// A pointer of the binding that must be set to `base + offset` when the base is known.
struct Patch {
  uint8_t** pointer;
  uint64_t offset;
  int input;  // number of the graph input that is the base (its elements, or its RuntimeValue); -1: the arena
};

struct BindingInput {
  ValueKind kind = ValueKind::kTensor;
  DType dtype = DType::kUndefined;
  Shape shape;
  int32_t output = -1;  // of the graph, that may be written over it
  bool operator==(const BindingInput& other) const {
    return kind == other.kind && dtype == other.dtype && output == other.output &&
           (kind != ValueKind::kTensor || shape == other.shape);
  }
};

struct Binding {
  // What it was made for.
  std::vector<BindingInput> inputs;
  uint64_t wanted_outputs = 0;

  Array<PlannedStep> steps;
  Array<Patch> arena_patches, input_patches;
  Operand* outputs = nullptr;                // one per graph output; absent where not wanted
  const Operand** output_sources = nullptr;  // of outputs whose shape is only known in the run, else nullptr
  uint64_t arena_bytes = 0;

  const uint8_t* arena = nullptr;  // what the arena patches were last applied to
  uint64_t last_used = 0;

  BlockMemory memory;                                   // steps' operands and parameters
  std::vector<std::unique_ptr<RuntimeValue>> dynamics;  // values whose shape is only known in the run, sequences, optionals
  size_t dynamics_used = 0;
};

class Plan {
 public:
  // `graph` must outlive the plan.
  static Result<std::unique_ptr<Plan>> Create(const Graph& graph);

  const Graph& graph() const { return graph_; }

  // Makes `binding` one for these inputs; `run` serves the shape arithmetic that is computed now. On failure the binding
  // must be bound again before it is used.
  Status Bind(std::span<const BindingInput> inputs, uint64_t wanted_outputs, RunContext& run, Binding& binding);

 private:
  friend class Binder;
  explicit Plan(const Graph& graph) : graph_(graph) {}

  const Graph& graph_;
  // Working memory of Bind, kept between calls.
  struct ValueState {
    ValueInfo info;
    enum class Place : uint8_t { kNone, kArena, kInput, kFixed, kDynamic } place = Place::kNone;
    int32_t uses = 0;      // reads that are still to come
    int32_t storage = -1;  // kArena: which storage; kInput: which input
    uint64_t offset = 0;   // kArena: in the arena; kInput: in the input
    const void* fixed = nullptr;
    Operand* source = nullptr;  // kDynamic: the operand that the producing step fills in
  };
  struct Storage {
    uint64_t offset, bytes;
    int32_t values;  // values with reads to come
  };
  std::vector<ValueState> values_;
  std::vector<bool> needed_;         // per node
  std::vector<bool> viewed_inputs_;  // of the graph, by views in the binding
  Array<Storage> storages_;
  ArenaLayout arena_;
  Buffer scratch_;
  BlockMemory node_memory_;  // what is needed while one node is bound
};

// The steps of a binding in words: one line each, with kernels' operators, places and shapes.
std::string DumpBinding(const Binding& binding);

}  // namespace webinfer
