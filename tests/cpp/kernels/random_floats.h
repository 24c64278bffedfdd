// Random inputs of kernel tests.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace webinfer::kernels {

// `count` floats in [-1, 1), with kReadSlack bytes behind them as the engine's memory has.
inline std::vector<float> Random(size_t count, uint32_t seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> values(count + 16);
  for (float& value : values) value = uniform(generator);
  return values;
}

}  // namespace webinfer::kernels
