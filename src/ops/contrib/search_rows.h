// What GreedySearch and Sampling share: every row of the batch goes its own way.
#pragma once

#include <random>

#include "ops/contrib/generation.h"

namespace webinfer::ops {

// Picks the next token of a row from its scores, which it may change.
using PickToken = int32_t (*)(const Node& node, const Generation& generation, float* scores, int64_t* order,
                              std::mt19937_64& random);

struct RowSearchParams {
  GenerationParams generation;
  PickToken pick;
};

int32_t PickBest(const Node& node, const Generation& generation, float* scores, int64_t* order, std::mt19937_64& random);

// Output 0: tokens [batch, max_length]; output 1, if any: the last scores after filtering.
Status InferRowSearch(InferContext& ctx);
Status BindRowSearch(BindContext& ctx, const GenerationInputs& inputs, PickToken pick);

}  // namespace webinfer::ops
