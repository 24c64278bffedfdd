// What a model is and will need, before its weights are read: for `webinfer inspect` and for pages that decide what to load.
//
// Takes a model as OnnxReader leaves it with OnnxContent::kStructure. It goes through the passes of a session and is planned for
// one set of input shapes with weights that are only sizes, so memory is what a session would take and not a guess.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "graph/graph.h"
#include "passes/missing.h"
#include "runtime/session.h"

namespace webinfer {

struct InspectOptions {
  SessionOptions session;
  std::vector<std::pair<std::string, Shape>> input_shapes;  // by input name, where they are known
  int64_t unknown_size = 1;                                 // of dimensions that nothing tells
};

struct MemoryEstimate {
  bool known = false;         // false: the model cannot run, or its memory depends on what it is fed
  uint64_t weight_bytes = 0;  // as kernels keep them, second copies included
  uint64_t arena_bytes = 0;   // intermediate values of one run
  uint64_t load_bytes = 0;    // the most that is held while the model is read and prepared
  uint64_t total_bytes = 0;   // the WebAssembly memory after the first run
  int64_t assumed_size = 0;   // of dimensions that nothing told; 0: all were told
};

struct ModelReport {
  std::vector<ValueMetadata> inputs, outputs;
  std::vector<std::pair<DType, uint64_t>> weights;  // bytes by type
  std::vector<MissingOperator> missing;             // operators this build does not have
  std::string problem;                              // why it cannot run, if it is something else
  MemoryEstimate memory;
};

// Consumes the model's graph; its metadata stay. Never fails for what a model lacks: the report says it.
ModelReport InspectModel(Model& model, const InspectOptions& options);

}  // namespace webinfer
