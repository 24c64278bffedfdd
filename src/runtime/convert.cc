#include "runtime/convert.h"

#include <utility>
#include <vector>

#include "passes/pass.h"
#include "passes/standardize.h"

namespace webinfer {

namespace {

// Passes see inputs with defaults as inputs, like a session does: a caller may give other values.
Status OptimizeForWriting(Model& model) {
  Graph& graph = model.graph;
  std::vector<std::shared_ptr<const Tensor>> defaults;
  std::vector<Value> declared;
  for (ValueId id : graph.inputs) {
    Value& value = graph.values[static_cast<size_t>(id)];
    defaults.push_back(std::exchange(value.constant, nullptr));
    declared.push_back(value);
  }
  PassOptions passes;
  passes.prepare = false;
  WEBINFER_TRY(Optimize(model, passes));
  WEBINFER_TRY(Standardize(model));
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    Value& value = graph.values[static_cast<size_t>(graph.inputs[i])];
    value = std::move(declared[i]);
    value.constant = std::move(defaults[i]);
  }
  return OkStatus();
}

}  // namespace

Status ConvertToOnnx(std::unique_ptr<Model> model, const ConvertOptions& options, ByteSink& sink, ByteSink* weights) {
  OnnxWriteOptions write;
  write.external_location = options.external_location;
  write.external_bytes = options.external_bytes;
  for (ValueId id : model->graph.outputs) {
    const Value& value = model->graph.values[static_cast<size_t>(id)];
    write.outputs.push_back({value.name, value.type, value.symbols, nullptr});
  }
  WEBINFER_TRY(options.optimize ? OptimizeForWriting(*model) : Standardize(*model));
  return WriteOnnx(*model, write, sink, weights);
}

}  // namespace webinfer
