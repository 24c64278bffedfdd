// Ensembles of decision trees in flat form: walks every tree for every row, and adds up what the leaves it ends in vote for.
//
// A node goes to its child for "yes" if feature <= split, else to the one after it; whoever lays the trees out turns the other
// comparisons into this one. A leaf is its own child for "no" and says "no" to everything, so that several walks go on in step
// until the last has ended.
#pragma once

#include <cstdint>

namespace webinfer::kernels {

enum class TreeTest : uint8_t { kLessEqual, kEqual, kMember };

// `info` of an inner node: bit 0 is set if NaN goes to "yes", bits 1 and 2 are its TreeTest, the rest its set of members.
inline constexpr int kTreeInfoBits = 3;
inline constexpr int32_t kMostTreeNodes = INT32_MAX >> kTreeInfoBits;

template <typename T>
struct TreeNode {
  T split;          // of a leaf, NaN
  int32_t feature;  // of a leaf, 0
  int32_t child;    // the child for "yes"; of a leaf, the place before its own
  int32_t info;     // of a leaf, its number shifted by kTreeInfoBits
};

template <typename T>
struct TreeVote {
  T weight;
  int32_t target;
};

// Votes first .. first of the next leaf; members likewise.
struct TreeRange {
  int32_t first, count;
};

enum class TreeAggregate : uint8_t { kAverage, kSum, kMin, kMax };

template <typename T>
struct Forest {
  const TreeNode<T>* nodes;
  const int32_t* roots;
  const TreeRange* leaves;  // into votes
  const TreeVote<T>* votes;
  const TreeRange* sets;  // into members
  const T* members;
  int32_t root_count;
  int32_t targets;
  TreeAggregate aggregate;
  bool missing;      // some node sends NaN to "yes"
  bool other_tests;  // some node has another test than kLessEqual
};

// Rows that are scored together: a tree's nodes stay in the cache meanwhile.
inline constexpr int kTreeRows = 64;

// The votes for each target of `rows` rows (at most kTreeRows) at `x`, `columns` apart, added up in the order of the trees (or
// the extreme one; averages are not divided yet): scores[row * targets + target]. voted[...] says whether there was one.
template <typename T>
void ScoreTrees(const Forest<T>& forest, const T* x, int64_t columns, int rows, T* scores, uint8_t* voted);

}  // namespace webinfer::kernels
