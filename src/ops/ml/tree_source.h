// Decision trees as the attributes of the three tree ensemble operators describe them, checked: every index is in range, every
// inner node is entered once. tree_model.h lays them out for the kernel.
#pragma once

#include "kernels/trees.h"
#include "ops/ml/scores.h"

namespace webinfer::ops {

// Comparisons in the order of TreeEnsemble's nodes_modes.
enum class TreeMode : uint8_t { kLessEqual, kLess, kGreaterEqual, kGreater, kEqual, kNotEqual, kMember };

// A node, or ~leaf.
using TreeRef = int32_t;

struct SourceNode {
  double split;
  TreeRef yes, no;
  int32_t feature;
  int32_t set;  // kMember: place in TreeSource::sets
  TreeMode mode;
  bool missing_is_yes;
};

struct TreeSource {
  Array<SourceNode> nodes;
  Array<TreeRef> roots;
  Array<kernels::TreeRange> leaves;  // into votes
  Array<kernels::TreeVote<double>> votes;
  Array<kernels::TreeRange> sets;  // into members
  Array<double> members;
  Array<double> base;
  kernels::TreeAggregate aggregate = kernels::TreeAggregate::kSum;
  PostTransform transform = PostTransform::kNone;
  int32_t targets = 1;
  int32_t features = 0;  // at least that many columns are read
};

// The newest form: interior nodes and leaves apart.
Status ReadTreeEnsemble(const Attributes& attributes, TreeSource* source);
// The older form: nodes named by tree and id; votes are the attributes `<prefix>_treeids`, `_nodeids`, `_ids`, `_weights`.
Status ReadNamedTrees(const Attributes& attributes, std::string_view prefix, int64_t targets, TreeSource* source);

}  // namespace webinfer::ops
