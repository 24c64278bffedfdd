// Decision trees laid out for kernels::ScoreTrees, once, when the model is prepared; and the loop over rows that the three tree
// ensemble operators share.
#pragma once

#include <algorithm>
#include <memory>

#include "kernels/elements.h"
#include "ops/ml/tree_source.h"

namespace webinfer::ops {

// Facts about the trees as they are kept; the arrays are in slots of their own.
struct TreeHeader {
  int32_t root_count = 0, targets = 1, base_count = 0;
  int32_t features = 0;  // at least that many columns are read
  kernels::TreeAggregate aggregate = kernels::TreeAggregate::kSum;
  PostTransform transform = PostTransform::kNone;
  bool missing = false, other_tests = false;  // as in kernels::Forest
  bool one_target_voted = true;               // all votes are for the same target
  bool positive = true;                       // no vote is negative
};

// The trees as plain bytes, one buffer a slot of Node::prepared. Rows of float32 are compared and added up in float32, as in
// onnxruntime, all others in float64: that is the T of nodes, votes, members and base values.
struct TreeBuffers {
  enum Slot : int { kHeader, kRoots, kNodes, kLeaves, kVotes, kSets, kMembers, kBase, kSlots };
  std::shared_ptr<Buffer> slots[kSlots];
};

// The trees as they are read.
class TreeModel {
 public:
  const TreeHeader& header() const { return *As<TreeHeader>(TreeBuffers::kHeader); }
  template <typename T>
  kernels::Forest<T> forest() const {
    const TreeHeader& h = header();
    return {As<kernels::TreeNode<T>>(TreeBuffers::kNodes),
            As<int32_t>(TreeBuffers::kRoots),
            As<kernels::TreeRange>(TreeBuffers::kLeaves),
            As<kernels::TreeVote<T>>(TreeBuffers::kVotes),
            As<kernels::TreeRange>(TreeBuffers::kSets),
            As<T>(TreeBuffers::kMembers),
            h.root_count,
            h.targets,
            h.aggregate,
            h.missing,
            h.other_tests};
  }
  // None, one, or one a target.
  template <typename T>
  std::span<const T> base() const {
    return {As<T>(TreeBuffers::kBase), static_cast<size_t>(header().base_count)};
  }

 private:
  friend Status OpenTrees(const Step& step, Status (*read)(const Node& node, TreeSource* source), TreeModel* model);
  template <typename T>
  const T* As(int slot) const {
    return reinterpret_cast<const T*>(slots_[slot]->data());
  }
  const Buffer* slots_[TreeBuffers::kSlots];
  TreeBuffers made_;
};

using ReadTrees = Status (*)(const Node& node, TreeSource* source);

// `prepare` of an operator: keeps its trees with the node.
Status PrepareTrees(PrepareContext& ctx, ReadTrees read);
// The trees of the node of `step`: those that were kept, or read now if the node was never prepared.
Status OpenTrees(const Step& step, ReadTrees read, TreeModel* model);

// Sets the scratch that ForEachRow needs for `targets` scores a row, after `header` bytes for the operator.
Status SetTreeScratch(BindContext& ctx, int64_t targets, uint64_t header = 0);
Status ExpectFeatures(const TreeModel& model, const Operand& x);

// How rows are cut into blocks, and what of the scratch belongs to each thread.
struct TreeBlocks {
  int64_t rows_per_block, score_bytes, voted_bytes, thread_bytes;

  static TreeBlocks Of(DType input, int64_t columns, int64_t targets);
};

template <typename T, typename F>
Status ScoreRows(const TreeModel& model, const Step& step, RunContext& run, uint64_t header, const F& f) {
  const kernels::Forest<T> forest = model.forest<T>();
  const Operand& x = step.in[0];
  const int rank = x.shape.rank();
  const int64_t columns = x.shape[rank - 1], rows = rank == 2 ? x.shape[0] : 1;
  const TreeBlocks blocks = TreeBlocks::Of(x.dtype, columns, forest.targets);
  const auto tasks = static_cast<int>((rows + blocks.rows_per_block - 1) / blocks.rows_per_block);
  run.pool().ParallelFor(tasks, [&](int task, int thread) {
    uint8_t* memory = step.scratch + header + thread * blocks.thread_bytes;
    auto* scores = reinterpret_cast<T*>(memory);
    uint8_t* voted = memory + blocks.score_bytes;
    const int64_t first = task * blocks.rows_per_block, count = std::min(blocks.rows_per_block, rows - first);
    const T* data = x.As<T>() + first * columns;
    if (x.dtype != DType::kFloat32 && x.dtype != DType::kFloat64) {
      auto* wide = reinterpret_cast<double*>(memory + blocks.score_bytes + blocks.voted_bytes);
      for (int64_t i = 0; i < count * columns; ++i) kernels::ReadNumber(x.dtype, x.data, first * columns + i, wide + i);
      data = reinterpret_cast<const T*>(wide);
    }
    kernels::ScoreTrees(forest, data, columns, static_cast<int>(count), scores, voted);
    for (int64_t i = 0; i < count; ++i) f(first + i, scores + i * forest.targets, voted + i * forest.targets);
  });
  return OkStatus();
}

// Scores every row of the input, then calls f(row, scores, voted) on any thread: the votes of each target, and whether it had
// any.
template <typename F>
Status ForEachRow(const TreeModel& model, const Step& step, RunContext& run, const F& f, uint64_t header = 0) {
  WEBINFER_TRY(ExpectFeatures(model, step.in[0]));
  return step.in[0].dtype == DType::kFloat32 ? ScoreRows<float>(model, step, run, header, f)
                                             : ScoreRows<double>(model, step, run, header, f);
}

// From the votes of a row to the results of a regression, in place: averages, base values, post transform.
template <typename T>
void FinishTargets(const TreeModel& model, T* scores, const uint8_t* voted) {
  const TreeHeader& header = model.header();
  const bool average = header.aggregate == kernels::TreeAggregate::kAverage && header.root_count > 0;
  const std::span<const T> base = model.base<T>();
  for (int32_t i = 0; i < header.targets; ++i) {
    // As in onnxruntime, of many targets one without votes stays 0, and one base value counts for none of them.
    if (voted[i] == 0 && header.targets > 1) continue;
    if (average) scores[i] /= static_cast<T>(header.root_count);
    if (header.base_count == header.targets) scores[i] += base[static_cast<size_t>(i)];
  }
  TransformScores(header.transform, scores, header.targets);
}

}  // namespace webinfer::ops
