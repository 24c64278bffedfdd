// The equation of Einsum, parsed for operands of known rank: every axis of every operand has a label, ellipses are spelt out.
#pragma once

#include <vector>

#include "ops/op.h"

namespace webinfer::ops {

// A label is the letter, or kEllipsisLabel + distance from the right for the axes of an ellipsis.
using EinsumLabels = std::vector<int>;
inline constexpr int kEllipsisLabel = 256;

struct EinsumEquation {
  std::vector<EinsumLabels> operands;
  EinsumLabels output;
};

Result<EinsumEquation> ParseEinsum(std::string_view equation, const std::vector<int>& ranks);

}  // namespace webinfer::ops
