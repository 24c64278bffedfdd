#include "passes/permutation.h"

#include <algorithm>

namespace webinfer {

bool Permutation::operator==(const Permutation& other) const {
  return rank == other.rank && std::equal(axes, axes + rank, other.axes);
}

bool Permutation::IsIdentity() const {
  for (int i = 0; i < rank; ++i) {
    if (axes[i] != i) return false;
  }
  return true;
}

Permutation Permutation::Inverse() const {
  Permutation inverse;
  inverse.rank = rank;
  for (int i = 0; i < rank; ++i) inverse.axes[axes[i]] = static_cast<int8_t>(i);
  return inverse;
}

Permutation Permutation::Then(const Permutation& next) const {
  Permutation both;
  both.rank = rank;
  for (int i = 0; i < rank; ++i) both.axes[i] = axes[next.axes[i]];
  return both;
}

bool Permutation::KeepsElements(const Shape& shape) const {
  int last = -1;
  for (int i = 0; i < rank; ++i) {
    if (shape[axes[i]] == 1) continue;
    if (axes[i] < last) return false;
    last = axes[i];
  }
  return true;
}

Shape Permutation::Apply(const Shape& shape) const {
  Shape out = shape;
  for (int i = 0; i < rank; ++i) out[i] = shape[axes[i]];
  return out;
}

std::vector<int64_t> Permutation::ToInts() const { return std::vector<int64_t>(axes, axes + rank); }

std::optional<Permutation> PermutationOf(const Node& node, int rank) {
  const std::span<const int64_t> given = node.attributes.Ints("perm");
  Permutation perm;
  perm.rank = given.empty() ? rank : static_cast<int>(given.size());
  if (perm.rank < 0 || perm.rank > kMaxRank || (rank >= 0 && perm.rank != rank)) return std::nullopt;
  unsigned seen = 0;
  for (int i = 0; i < perm.rank; ++i) {
    const int64_t axis = given.empty() ? perm.rank - 1 - i : given[static_cast<size_t>(i)];
    if (axis < 0 || axis >= perm.rank || (seen >> axis & 1) != 0) return std::nullopt;
    seen |= 1u << axis;
    perm.axes[i] = static_cast<int8_t>(axis);
  }
  return perm;
}

}  // namespace webinfer
