// Sum, Mean, Min and Max take any number of inputs: one expression up to what a program holds, beyond that pairs of nodes.
#pragma once

#include "ops/math/expression.h"

namespace webinfer::ops {

inline constexpr int kMostVariadicInputs = 16;

using Combine = ScalarValue (*)(ScalarValue a, ScalarValue b);

template <Combine combine>
ScalarValue CombineInputs(ScalarBuilder& s) {
  ScalarValue sum = s.In(0);
  for (int i = 1; i < s.input_count(); ++i) sum = combine(sum, s.In(i));
  return sum;
}

// Splits a node with more inputs than one program takes: `op` of groups, then `op` of the groups' results.
Status LowerVariadic(LowerContext& ctx, bool* done);

}  // namespace webinfer::ops
