// About how many multiply-adds one run of a model takes: what decides whether a session is worth a worker.
//
// Counts MatMul-like and convolution nodes from the shapes that are known without inputs; an unknown size counts as one, so
// the estimate is a lower bound.
#pragma once

#include "graph/graph.h"

namespace webinfer {

double EstimateOperations(const Graph& graph);

}  // namespace webinfer
