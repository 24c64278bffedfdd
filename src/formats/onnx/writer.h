// Writes a model as ONNX: one as a reader leaves it, or one that passes have changed and passes/standardize.h has freed of
// internal operators.
//
// Nodes keep the newest form that the reader lifts them to, so the file asks for the operator set in which all of them have that
// form: the model's own if it is one that other runtimes know, at least 21. Bodies capture by name again, a weight that several
// graphs share is written once, and values get names that are unique. Types of more than ONNX's raw bytes do not exist: int4 and
// its like are packed as here.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "formats/wire/protobuf_writer.h"
#include "graph/graph.h"

namespace webinfer {

struct OnnxWriteOptions {
  // Name and declared type of each output, where passes may have put other values; empty: as the graph has them.
  std::vector<Value> outputs;
  // File that weights of at least `external_bytes` bytes go to, as the model will name it; empty: all are in the model.
  std::string external_location;
  uint64_t external_bytes = 1024;
};

// Writes the model to `sink`, then its weights to `weights` if they are external. A protobuf ends at 2 GB: larger models
// need external weights.
Status WriteOnnx(const Model& model, const OnnxWriteOptions& options, ByteSink& sink, ByteSink* weights = nullptr);

}  // namespace webinfer
