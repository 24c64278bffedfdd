// Graph rewriting: one pass per file under src/passes, listed by its WEBINFER_PASS line, run by Optimize in that order.
//
// A pass leaves a graph that SortAndVerify accepts. It works on one graph; the driver visits the bodies of control flow.
#pragma once

#include <string_view>

#include "graph/graph.h"
#include "ops/op.h"

namespace webinfer {

struct PassOptions {
  bool optimize = true;        // false: only passes marked `required`
  bool deterministic = false;
  uint64_t spare_bytes = 0;    // for second copies of weights (PrepareContext::Spend)
};

// What is known of every value of a graph while it is prepared (indexed by ValueId); see passes/infer.cc.
using GraphInfo = std::vector<ValueInfo>;

struct PassContext {
  Model& model;
  Graph& graph;
  const PassOptions& options;
  GraphInfo& info;  // fresh when a pass starts
};

struct Pass {
  std::string_view name;
  bool required = false;
  Status (*run)(PassContext& context) = nullptr;
};

// Resolves operators, lowers, folds, fuses and lays out, then prepares weights: after it every node of the model has a `def`
// with a kernel. An operator nobody knows is an error that lists all such operators of the model.
Status Optimize(Model& model, const PassOptions& options);

// Types, shapes and known elements of all values, from those of the graph's inputs. `info` is resized.
Status InferGraph(const Graph& graph, GraphInfo& info);

}  // namespace webinfer

// Defines the pass `Id`; `order` decides when it runs (ties by name).
#define WEBINFER_PASS(Id, order) ::webinfer::Pass WebinferPass_##Id()
