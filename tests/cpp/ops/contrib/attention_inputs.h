// Inputs of the attention operators' tests: random tensors, and some of their tokens.
#pragma once

#include <algorithm>
#include <random>

#include "ops/run_op.h"

namespace webinfer::testing {

inline Tensor Random(const Shape& shape, uint32_t seed) {
  Result<Tensor> tensor = Tensor::Create(DType::kFloat32, shape);
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> uniform(-1, 1);
  for (int64_t i = 0; i < shape.Elements(); ++i) tensor->As<float>()[i] = uniform(generator);
  return std::move(*tensor);
}

// [first, last) along axis 1 of [batch, tokens, size].
inline Tensor Tokens(const Tensor& x, int64_t first, int64_t last) {
  const int64_t batch = x.shape[0], tokens = x.shape[1], size = x.shape[2];
  Result<Tensor> part = Tensor::Create(DType::kFloat32, {batch, last - first, size});
  for (int64_t b = 0; b < batch; ++b) {
    const float* from = x.As<float>() + (b * tokens + first) * size;
    std::copy(from, from + (last - first) * size, part->As<float>() + b * (last - first) * size);
  }
  return std::move(*part);
}

}  // namespace webinfer::testing
