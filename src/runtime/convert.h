// A model from its reader to ONNX again, as it is or with the changes of the passes.
#pragma once

#include <memory>

#include "formats/onnx/writer.h"
#include "graph/graph.h"

namespace webinfer {

struct ConvertOptions {
  bool optimize = false;          // folded, fused and simplified as for a session; needs every operator
  std::string external_location;  // see OnnxWriteOptions
  uint64_t external_bytes = 1024;
};

// Consumes the model, whose external weights have been filled in. Nothing of domain "webinfer" is left in what is written.
Status ConvertToOnnx(std::unique_ptr<Model> model, const ConvertOptions& options, ByteSink& sink, ByteSink* weights = nullptr);

}  // namespace webinfer
