// A prepared model that runs: what bindings of any language (wasm/) and native programs use.
//
// One thread at a time. A run is Begin, then Continue until done (with a budget, so that a caller without a second thread
// can look at its events in between), then outputs are read: they stay valid until the next Begin.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ops/step.h"
#include "runtime/prepared_model.h"
#include "runtime/profiler.h"

namespace webinfer {

// How much memory second copies of weights (Winograd's form) may take.
enum class WeightMemory : uint8_t { kSmall, kBalanced, kFast };

struct SessionOptions {
  int threads = 1;
  bool optimize = true;        // false: only the passes a model needs to run at all
  bool deterministic = false;  // the same bits on every machine: no Winograd
  WeightMemory weight_memory = WeightMemory::kBalanced;
  std::vector<std::pair<std::string, int64_t>> free_dimensions;  // symbolic dimension -> size, fixed before the passes
};

struct SessionStats {
  uint64_t weight_bytes = 0;      // constants and packed weights
  uint64_t arena_bytes = 0;       // inputs, and intermediate values of the largest binding
  uint64_t run_allocations = 0;   // fallible allocations during the last run
  uint64_t bindings = 0;          // made so far
  uint64_t nodes = 0, steps = 0;  // after the passes; of the last run's top-level binding
};

class Session {
 public:
  static Result<std::unique_ptr<Session>> Create(std::unique_ptr<Model> model, const SessionOptions& options);
  // Of a model that another session has prepared (prepared() of it, stored and read again): nothing is left to optimise.
  static Result<std::unique_ptr<Session>> Create(PreparedModel prepared, int threads);
  ~Session();

  const std::vector<ValueMetadata>& inputs() const;
  const std::vector<ValueMetadata>& outputs() const;

  // Engine memory for the elements of input `input`, kept and reused from run to run; at least `bytes` long.
  Result<void*> FeedBuffer(int input, uint64_t bytes);
  // Binds an input for the next run. The memory is only read and must stay until the run is done. Checks type and shape
  // against the model's.
  Status Feed(int input, const TensorView& tensor);
  // A sequence or an optional, or a tensor kept by the engine (an earlier output); borrowed until the run is done.
  Status Feed(int input, const RuntimeValue& value);
  // The next run may write output `output` over input `input`, a tensor kept by the engine that is fed: a cache is updated in
  // place. Where it cannot, the output is elsewhere, as always. After a failed run the tensor's elements are undefined.
  void WriteOver(int input, int output);
  // Makes an input unfed again; Begin fails if an input without a default is unfed.
  void ClearFeeds();

  // Starts a run that computes the outputs whose bit is set (all: ~0ull).
  Status Begin(uint64_t wanted_outputs);
  // Goes on for about `budget_ms` (<= 0: to the end). Aborted or failed runs end; the session stays usable.
  Status Continue(double budget_ms, bool* done);
  // Makes the running Continue (from another thread) or the next one fail with kAborted. Begin clears it.
  void Abort();
  Status Run(uint64_t wanted_outputs = ~0ull);  // Begin and Continue to the end

  // Output `output` of the finished run.
  const Operand& Output(int output) const;
  // A copy of it that outlives the next run.
  Result<std::unique_ptr<RuntimeValue>> CopyOutput(int output) const;
  // Makes `value` such a copy; nothing is copied where the output was written over it (WriteOver).
  Status CopyOutput(int output, RuntimeValue* value) const;

  void SetProfiling(bool on);
  std::vector<ProfileEntry> Profile() const;
  SessionStats Stats() const;
  // The optimised graph and the last plan in words.
  std::string DumpText() const;
  const Model& model() const;
  const PreparedModel& prepared() const;

 private:
  struct Impl;
  explicit Session(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace webinfer
