// Random numbers of the random operators: xoshiro256++, seeded by attribute `seed` or, without one, differently in each run.
#pragma once

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstring>

#include "kernels/elements.h"
#include "ops/op.h"

namespace webinfer::ops {

class RandomGenerator {
 public:
  explicit RandomGenerator(const Attributes& attributes) {
    uint64_t seed;
    if (attributes.Has("seed")) {
      const float given = attributes.Float("seed", 0);
      uint32_t bits;
      std::memcpy(&bits, &given, sizeof(bits));
      seed = bits;
    } else {
      static std::atomic<uint64_t> runs{0};
      seed = static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()) + (runs.fetch_add(1) << 32);
    }
    for (uint64_t& word : state_) word = SplitMix(&seed);
  }

  // In [0, 1), 53 bits.
  double Uniform() { return static_cast<double>(Next() >> 11) * 0x1p-53; }

  // Mean 0, variance 1 (Box-Muller).
  double Normal() {
    if (has_spare_) {
      has_spare_ = false;
      return spare_;
    }
    const double radius = std::sqrt(-2 * std::log(1 - Uniform())), angle = 6.283185307179586 * Uniform();
    spare_ = radius * std::sin(angle);
    has_spare_ = true;
    return radius * std::cos(angle);
  }

 private:
  static uint64_t SplitMix(uint64_t* seed) {
    uint64_t z = *seed += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  static uint64_t Rotate(uint64_t x, int by) { return (x << by) | (x >> (64 - by)); }
  uint64_t Next() {
    const uint64_t result = Rotate(state_[0] + state_[3], 23) + state_[0], t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = Rotate(state_[3], 45);
    return result;
  }

  uint64_t state_[4];
  double spare_ = 0;
  bool has_spare_ = false;
};

// Fills an output with next() of each element.
template <typename Next>
void FillRandom(const Operand& out, const Next& next) {
  float block[256];
  for (int64_t first = 0; first < out.elements(); first += 256) {
    const int64_t count = out.elements() - first < 256 ? out.elements() - first : 256;
    for (int64_t i = 0; i < count; ++i) {
      const double value = next(first + i);
      if (out.dtype == DType::kFloat64) out.As<double>()[first + i] = value;
      block[i] = static_cast<float>(value);
    }
    if (out.dtype != DType::kFloat64) kernels::StoreFloats(out.dtype, block, first, count, out.data);
  }
}

inline Status UniformKernel(const Step& step, RunContext&) {
  RandomGenerator generator(step.node->attributes);
  const double low = step.node->attributes.Float("low", 0), high = step.node->attributes.Float("high", 1);
  FillRandom(step.out[0], [&](int64_t) { return low + (high - low) * generator.Uniform(); });
  return OkStatus();
}

inline Status NormalKernel(const Step& step, RunContext&) {
  RandomGenerator generator(step.node->attributes);
  const double mean = step.node->attributes.Float("mean", 0), scale = step.node->attributes.Float("scale", 1);
  FillRandom(step.out[0], [&](int64_t) { return mean + scale * generator.Normal(); });
  return OkStatus();
}

template <KernelFn kernel>
Status BindRandom(BindContext& ctx) {
  ctx.SetKernel(kernel);
  return OkStatus();
}

// Shape and type from attributes.
inline Status InferRandom(InferContext& ctx) {
  WEBINFER_ASSIGN(const Shape shape, Shape::Of(ctx.attributes().Ints("shape")));
  return ctx.SetOutput(0, static_cast<DType>(ctx.attributes().Int("dtype", static_cast<int64_t>(DType::kFloat32))), shape);
}

// Shape from the input, type from attribute or input.
inline Status InferRandomLike(InferContext& ctx) {
  return ctx.SetOutput(0, static_cast<DType>(ctx.attributes().Int("dtype", static_cast<int64_t>(ctx.In(0).dtype))),
                       ctx.In(0).shape);
}

}  // namespace webinfer::ops
