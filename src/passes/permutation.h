// Permutations of axes, as Transpose's attribute `perm` means them: output axis i is input axis perm[i].
#pragma once

#include <optional>

#include "graph/graph.h"

namespace webinfer {

struct Permutation {
  int rank = 0;
  int8_t axes[kMaxRank] = {};

  bool operator==(const Permutation& other) const;
  int operator[](int i) const { return axes[i]; }
  bool IsIdentity() const;
  Permutation Inverse() const;
  // Transposing by *this and then by `next`.
  Permutation Then(const Permutation& next) const;
  // Where input axis `axis` is in the output.
  int NewAxis(int axis) const { return Inverse().axes[axis]; }
  // Transposing a tensor of `shape` leaves its elements where they are: only axes of size 1 move.
  bool KeepsElements(const Shape& shape) const;
  Shape Apply(const Shape& shape) const;
  std::vector<int64_t> ToInts() const;
};

// What the Transpose `node` does to an input of `rank` (-1: unknown); nullopt if that is unknown.
std::optional<Permutation> PermutationOf(const Node& node, int rank);

}  // namespace webinfer
