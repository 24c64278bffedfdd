// Ensembles of decision trees in the flat form that TreeEnsemble, TreeEnsembleRegressor and TreeEnsembleClassifier evaluate.
#pragma once

#include "ops/op.h"

namespace webinfer::ops {

enum class TreeTest : uint8_t { kLessEqual, kLess, kGreaterEqual, kGreater, kEqual, kNotEqual, kMember };

struct TreeNode {
  double split;
  int32_t yes, no;  // a node, or ~leaf
  int32_t feature;
  int32_t first_member, members;  // kMember: values in TreeModel::members
  TreeTest test;
  bool missing_is_yes;
};

struct TreeVote {
  int32_t target;
  double weight;
};

struct TreeLeaf {
  int32_t first_vote, votes;
};

enum class TreeAggregate : uint8_t { kAverage, kSum, kMin, kMax };
enum class TreeTransform : uint8_t { kNone, kSoftmax, kLogistic, kSoftmaxZero, kProbit };

struct TreeModel {
  TreeNode* nodes;
  TreeLeaf* leaves;
  TreeVote* votes;
  int32_t* roots;  // a node, or ~leaf
  double* members;
  double* base;  // [targets] or nullptr
  int32_t node_count, leaf_count, vote_count, root_count;
  int32_t targets;
  int32_t features;  // at least that many columns are read
  TreeAggregate aggregate;
  TreeTransform transform;
};

// The newest form: interior nodes and leaves apart.
Status BuildTreeEnsemble(BindContext& ctx, TreeModel* model);
// The older form: nodes named by tree and id; votes are the attributes `<prefix>_treeids`, `_nodeids`, `_ids`, `_weights`.
Status BuildNamedTrees(BindContext& ctx, std::string_view prefix, int64_t targets, TreeModel* model);

// An error unless input 0 is [N, at least model.features] of a numeric type; [F] counts as one row.
Status ExpectTreeInput(const InferContext& ctx, const TreeModel& model);

// The aggregated votes of one row, with base values; `features` are numbers `first`.. of `x`. Not transformed.
void EvaluateTrees(const TreeModel& model, const Operand& x, int64_t first, double* scores);
void TransformScores(TreeTransform transform, double* scores, int64_t count);

}  // namespace webinfer::ops
