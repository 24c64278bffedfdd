// Gives every operator its constant weights in the form its kernels read, once, after all rewriting.
#pragma once

#include "passes/pass.h"

namespace webinfer {

// Runs OpDef::prepare on all nodes, bodies included. Constants that no kernel reads any more are freed: their Value keeps its
// type and loses its `constant`. `spare_bytes` is what second copies of weights may take in the whole model.
Status PrepareWeights(Model& model, uint64_t spare_bytes);

}  // namespace webinfer
