// What passes do to the bodies of control-flow operators.
#pragma once

#include "passes/pass.h"

namespace webinfer {

// Captured values that are constants become constants of the bodies, and are captured no more.
void SinkConstants(Graph& graph, Node& node);

// Gives the inputs of the node's bodies the types that follow from the node's inputs, infos of which are `in`.
void TypeBodyInputs(Node& node, std::span<const ValueInfo> in);

// Moves the nodes of a body into `graph`, in place of `node`: body inputs are `inputs`, body outputs are the node's.
std::vector<std::unique_ptr<Node>> InlineBody(Graph& graph, Node& node, int body, std::span<const ValueId> inputs);

}  // namespace webinfer
