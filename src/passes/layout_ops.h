// How each operator takes part when its data is permuted: what must be permuted together, and what else changes then.
#pragma once

#include "passes/editor.h"
#include "passes/permutation.h"

namespace webinfer {

// Which operands of a node carry its data: permuting all of them alike leaves the node's meaning, once its axes are renamed.
struct LayoutRole {
  bool movable = false;
  int rank = 0;                // of the data
  std::vector<size_t> inputs;  // input numbers; the outputs are all data unless `drops`
  bool drops = false;          // the outputs lack axes of the data: they only stay the same if the order of the rest does
};

LayoutRole LayoutRoleOf(const Editor& editor, const Node& node);

// For a node that drops axes: is the output the same when the data is permuted by `perm`?
bool KeepsDroppedOutput(const Editor& editor, const Node& node, const Permutation& perm);

// Renames axes, permutes constants and per-axis lists of a movable node whose data inputs have been permuted by `perm`.
// `rank` is the rank of the data.
Status Permute(Editor& editor, Node& node, const Permutation& perm);

}  // namespace webinfer
