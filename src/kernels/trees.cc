#include "kernels/trees.h"

#include <algorithm>
#include <type_traits>

namespace webinfer::kernels {

namespace {

constexpr int kLanes = 4;

template <typename T>
bool GoesToYes(const Forest<T>& forest, const TreeNode<T>& node, T value) {
  if (value != value) return (node.info & 1) != 0;
  switch (static_cast<TreeTest>(node.info >> 1 & 3)) {
    case TreeTest::kLessEqual: return value <= node.split;
    case TreeTest::kEqual: return value == node.split;
    case TreeTest::kMember: {
      const TreeRange& set = forest.sets[node.info >> kTreeInfoBits];
      const T *first = forest.members + set.first, *last = first + set.count;
      return std::find(first, last, value) != last;
    }
  }
  return false;
}

enum class Walk : uint8_t { kPlain, kMissing, kAny };

// Where a walk at node `at` goes next; a leaf leads to itself.
template <Walk kWalk, typename T>
int32_t Next(const Forest<T>& forest, int32_t at, const T* x) {
  const TreeNode<T>& node = forest.nodes[at];
  const T value = x[node.feature];
  if constexpr (kWalk == Walk::kAny) {
    if (node.child + 1 == at) return at;  // a leaf, whose number may look like any test
    return node.child + !GoesToYes(forest, node, value);
  }
  bool yes = value <= node.split;
  if constexpr (kWalk == Walk::kMissing) yes |= (value != value) & (node.info & 1);
  return node.child + !yes;
}

// Four walks at a time, of four rows or of four trees: a step waits for memory, not for the steps of the others.
template <Walk kWalk, typename T>
void FindLeaves(const Forest<T>& forest, const T* const* x, int32_t* at) {
  int32_t a = at[0], b = at[1], c = at[2], d = at[3];
  const T *xa = x[0], *xb = x[1], *xc = x[2], *xd = x[3];
  for (;;) {
    const int32_t na = Next<kWalk>(forest, a, xa), nb = Next<kWalk>(forest, b, xb), nc = Next<kWalk>(forest, c, xc),
                  nd = Next<kWalk>(forest, d, xd);
    if (((na ^ a) | (nb ^ b) | (nc ^ c) | (nd ^ d)) == 0) break;
    a = na, b = nb, c = nc, d = nd;
  }
  at[0] = a, at[1] = b, at[2] = c, at[3] = d;
}

template <typename T>
void AddVotes(const Forest<T>& forest, int32_t node, T* scores, uint8_t* voted) {
  const TreeRange& leaf = forest.leaves[forest.nodes[node].info >> kTreeInfoBits];
  for (const TreeVote<T>*vote = forest.votes + leaf.first, *end = vote + leaf.count; vote < end; ++vote) {
    T& score = scores[vote->target];
    uint8_t& seen = voted[vote->target];
    switch (forest.aggregate) {
      case TreeAggregate::kMin: score = seen == 0 || vote->weight < score ? vote->weight : score; break;
      case TreeAggregate::kMax: score = seen == 0 || vote->weight > score ? vote->weight : score; break;
      default: score += vote->weight;
    }
    seen = 1;
  }
}

template <Walk kWalk, typename T>
void Score(const Forest<T>& forest, const T* x, int64_t columns, int rows, T* scores, uint8_t* voted) {
  const T* lane_x[kLanes];
  int32_t at[kLanes];
  if (rows < kLanes) {
    for (int row = 0; row < rows; ++row) {
      std::fill(lane_x, lane_x + kLanes, x + row * columns);
      for (int32_t tree = 0; tree < forest.root_count; tree += kLanes) {
        const int32_t lanes = std::min(kLanes, forest.root_count - tree);
        for (int32_t i = 0; i < kLanes; ++i) at[i] = forest.roots[tree + std::min(i, lanes - 1)];
        FindLeaves<kWalk>(forest, lane_x, at);
        for (int32_t i = 0; i < lanes; ++i) {
          AddVotes(forest, at[i], scores + row * forest.targets, voted + row * forest.targets);
        }
      }
    }
    return;
  }
  for (int32_t tree = 0; tree < forest.root_count; ++tree) {
    for (int row = 0; row < rows; row += kLanes) {
      const int lanes = std::min(kLanes, rows - row);
      for (int i = 0; i < kLanes; ++i) {
        lane_x[i] = x + (row + std::min(i, lanes - 1)) * columns;
        at[i] = forest.roots[tree];
      }
      FindLeaves<kWalk>(forest, lane_x, at);
      for (int i = 0; i < lanes; ++i) {
        AddVotes(forest, at[i], scores + (row + i) * forest.targets, voted + (row + i) * forest.targets);
      }
    }
  }
}

}  // namespace

template <typename T>
void ScoreTrees(const Forest<T>& forest, const T* x, int64_t columns, int rows, T* scores, uint8_t* voted) {
  std::fill(scores, scores + rows * forest.targets, T(0));
  std::fill(voted, voted + rows * forest.targets, uint8_t{0});
  if (forest.other_tests) {
    Score<Walk::kAny>(forest, x, columns, rows, scores, voted);
  } else if (forest.missing) {
    Score<Walk::kMissing>(forest, x, columns, rows, scores, voted);
  } else {
    Score<Walk::kPlain>(forest, x, columns, rows, scores, voted);
  }
}

template void ScoreTrees(const Forest<float>&, const float*, int64_t, int, float*, uint8_t*);
template void ScoreTrees(const Forest<double>&, const double*, int64_t, int, double*, uint8_t*);

}  // namespace webinfer::kernels
