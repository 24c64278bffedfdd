#include "kernels/pool.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/simd.h"

namespace webinfer::kernels {
namespace {

// The taps of one output pixel that lie in the image.
struct Taps {
  const float** inputs;
  int count = 0;
  int padded_count = 0;  // with those in the padding
};

struct Range {
  int begin, end;  // taps inside the image
  int padded;      // taps inside the padded image
};

Range TapsInside(const Pool& pool, int axis, int position) {
  const ConvGeometry& g = pool.geometry;
  const int first = position * g.stride[axis] - g.pad[axis], step = g.dilation[axis];
  const auto taps_below = [&](int limit) {
    return limit <= first ? 0 : std::min(g.kernel[axis], (limit - first + step - 1) / step);
  };
  const int begin = taps_below(0);
  return {begin, std::max(begin, taps_below(g.in[axis])), taps_below(g.in[axis] + pool.pad_end[axis])};
}

void FindTaps(const Pool& pool, const float* image, const int* at, Taps* taps) {
  const ConvGeometry& g = pool.geometry;
  Range ranges[3];
  taps->count = 0;
  taps->padded_count = 1;
  for (int axis = 0; axis < 3; ++axis) {
    ranges[axis] = TapsInside(pool, axis, at[axis]);
    taps->padded_count *= ranges[axis].padded;
  }
  const auto place = [&](int axis, int tap) {
    return int64_t{at[axis]} * g.stride[axis] - g.pad[axis] + int64_t{tap} * g.dilation[axis];
  };
  for (int kz = ranges[0].begin; kz < ranges[0].end; ++kz) {
    for (int ky = ranges[1].begin; ky < ranges[1].end; ++ky) {
      const float* row = image + (place(0, kz) * g.in[1] + place(1, ky)) * g.in[2] * g.channels;
      for (int kx = ranges[2].begin; kx < ranges[2].end; ++kx) taps->inputs[taps->count++] = row + place(2, kx) * g.channels;
    }
  }
}

void MaxPixel(const Taps& taps, int channels, float* y) {
  for (int channel = 0; channel < channels; channel += 4) {
    Vec best = Splat(-std::numeric_limits<float>::infinity());
    for (int tap = 0; tap < taps.count; ++tap) best = FastMax(Load(taps.inputs[tap] + channel), best);
    StorePartial(y + channel, best, channels - channel);
  }
}

void AveragePixel(const Taps& taps, int channels, float factor, float* y) {
  const Vec scale = Opaque(factor);
  for (int channel = 0; channel < channels; channel += 4) {
    Vec sum = Zero();
    for (int tap = 0; tap < taps.count; ++tap) sum = Add(sum, Load(taps.inputs[tap] + channel));
    StorePartial(y + channel, Mul(sum, scale), channels - channel);
  }
}

void LpPixel(const Taps& taps, int channels, int p, float* y) {
  for (int channel = 0; channel < channels; ++channel) {
    double sum = 0;
    for (int tap = 0; tap < taps.count; ++tap) {
      const double value = std::fabs(taps.inputs[tap][channel]);
      sum += p == 2 ? value * value : p == 1 ? value : std::pow(value, p);
    }
    y[channel] = static_cast<float>(p == 2 ? std::sqrt(sum) : p == 1 ? sum : std::pow(sum, 1.0 / p));
  }
}

}  // namespace

size_t PoolScratchBytes(const Pool& pool, int threads) {
  return static_cast<size_t>(pool.geometry.taps()) * sizeof(const float*) * static_cast<size_t>(threads);
}

void RunPool(const Pool& pool, const float* x, float* y, void* scratch, ThreadPool& threads) {
  const ConvGeometry& g = pool.geometry;
  const int64_t image_floats = int64_t{g.in[0]} * g.in[1] * g.in[2] * g.channels;
  threads.ParallelFor(g.batch * g.out[0] * g.out[1], [&](int task, int thread) {
    int at[3] = {task / g.out[1] % g.out[0], task % g.out[1], 0};
    const float* image = x + task / (g.out[0] * g.out[1]) * image_floats;
    float* to = y + int64_t{task} * g.out[2] * g.channels;
    Taps taps{static_cast<const float**>(scratch) + int64_t{thread} * g.taps()};
    for (; at[2] < g.out[2]; ++at[2], to += g.channels) {
      FindTaps(pool, image, at, &taps);
      switch (pool.kind) {
        case PoolKind::kMax: MaxPixel(taps, g.channels, to); break;
        case PoolKind::kAverage: {
          const int count = pool.count_include_pad ? taps.padded_count : taps.count;
          AveragePixel(taps, g.channels, 1.0f / static_cast<float>(std::max(count, 1)), to);
          break;
        }
        case PoolKind::kLp: LpPixel(taps, g.channels, pool.p, to); break;
      }
    }
  });
}

}  // namespace webinfer::kernels
