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
  if (first >= 0 && first + (g.kernel[axis] - 1) * step < g.in[axis]) return {0, g.kernel[axis], g.kernel[axis]};
  const auto taps_below = [&](int limit) {
    return limit <= first ? 0 : std::min(g.kernel[axis], (limit - first + step - 1) / step);
  };
  const int begin = taps_below(0);
  return {begin, std::max(begin, taps_below(g.in[axis])), taps_below(g.in[axis] + pool.pad_end[axis])};
}

// `planes` and `rows` are the ranges of the first two axes, which all pixels of a row share.
void FindTaps(const Pool& pool, const float* image, const int* at, const Range& planes, const Range& rows, Taps* taps) {
  const ConvGeometry& g = pool.geometry;
  const Range columns = TapsInside(pool, 2, at[2]);
  const auto place = [&](int axis, int tap) {
    return int64_t{at[axis]} * g.stride[axis] - g.pad[axis] + int64_t{tap} * g.dilation[axis];
  };
  const int64_t step = int64_t{g.dilation[2]} * g.channels;
  taps->count = 0;
  taps->padded_count = planes.padded * rows.padded * columns.padded;
  for (int kz = planes.begin; kz < planes.end; ++kz) {
    for (int ky = rows.begin; ky < rows.end; ++ky) {
      const float* input = image + ((place(0, kz) * g.in[1] + place(1, ky)) * g.in[2] + place(2, columns.begin)) * g.channels;
      for (int kx = columns.begin; kx < columns.end; ++kx, input += step) taps->inputs[taps->count++] = input;
    }
  }
}

// y = finish(combine over exactly kTaps taps), 8 channels at a time.
template <int kTaps, typename Combine, typename Finish>
WEBINFER_INLINE void CombineAllTaps(const Taps& taps, int channels, Combine combine, Finish finish, float* y) {
  const float* inputs[kTaps];
  WEBINFER_UNROLL
  for (int tap = 0; tap < kTaps; ++tap) inputs[tap] = taps.inputs[tap];
  int channel = 0;
  WEBINFER_NO_UNROLL
  for (; channel + 8 <= channels; channel += 8) {
    Vec low = Load(inputs[0] + channel), high = Load(inputs[0] + channel + 4);
    WEBINFER_UNROLL
    for (int tap = 1; tap < kTaps; ++tap) {
      low = combine(Load(inputs[tap] + channel), low);
      high = combine(Load(inputs[tap] + channel + 4), high);
    }
    Store(y + channel, finish(low));
    Store(y + channel + 4, finish(high));
  }
  for (; channel < channels; channel += 4) {
    Vec v = Load(inputs[0] + channel);
    WEBINFER_UNROLL
    for (int tap = 1; tap < kTaps; ++tap) v = combine(Load(inputs[tap] + channel), v);
    StorePartial(y + channel, finish(v), channels - channel);
  }
}

// The same for any number of taps, kVectors x 4 channels at a time from `channel` on; returns the first channel left over.
template <int kVectors, typename Combine, typename Finish>
WEBINFER_INLINE int CombineChannels(const Taps& taps, int channel, int channels, Vec start, Combine combine, Finish finish,
                                    float* y) {
  constexpr int kStep = 4 * kVectors;
  const int last = kVectors == 1 ? channels : channels - kStep + 1;
  WEBINFER_NO_UNROLL
  for (; channel < last; channel += kStep) {
    Vec v[kVectors];
    WEBINFER_UNROLL
    for (int i = 0; i < kVectors; ++i) v[i] = start;
    WEBINFER_NO_UNROLL
    for (int tap = 0; tap < taps.count; ++tap) {
      const float* input = taps.inputs[tap] + channel;
      WEBINFER_UNROLL
      for (int i = 0; i < kVectors; ++i) v[i] = combine(Load(input + 4 * i), v[i]);
    }
    WEBINFER_UNROLL
    for (int i = 0; i < kVectors; ++i) StorePartial(y + channel + 4 * i, finish(v[i]), kVectors > 1 ? 4 : channels - channel);
  }
  return channel;
}

template <typename Combine, typename Finish>
WEBINFER_INLINE void CombineTaps(const Taps& taps, int channels, Vec start, Combine combine, Finish finish, float* y) {
  if (taps.count == 9) return CombineAllTaps<9>(taps, channels, combine, finish, y);
  if (taps.count == 4) return CombineAllTaps<4>(taps, channels, combine, finish, y);
  const int channel = CombineChannels<8>(taps, 0, channels, start, combine, finish, y);
  CombineChannels<1>(taps, channel, channels, start, combine, finish, y);
}

void MaxPixel(const Taps& taps, int channels, float* y) {
  const Vec start = Opaque(-std::numeric_limits<float>::infinity());
  CombineTaps(
      taps, channels, start, [](Vec x, Vec best) { return FastMax(x, best); }, [](Vec best) { return best; }, y);
}

void AveragePixel(const Taps& taps, int channels, float factor, float* y) {
  const Vec scale = Opaque(factor);
  CombineTaps(
      taps, channels, Zero(), [](Vec x, Vec sum) { return Add(x, sum); }, [scale](Vec sum) { return Mul(sum, scale); }, y);
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
    const Range planes = TapsInside(pool, 0, at[0]), rows = TapsInside(pool, 1, at[1]);
    Taps taps{static_cast<const float**>(scratch) + int64_t{thread} * g.taps()};
    const int last_inside = g.in[2] - (g.kernel[2] - 1) * g.dilation[2] - 1, pixel_step = g.stride[2] * g.channels;
    bool inside = false;  // the pixel before reached over no edge, so its taps lie `pixel_step` from this one's
    for (; at[2] < g.out[2]; ++at[2], to += g.channels) {
      const int first = at[2] * g.stride[2] - g.pad[2];
      if (inside && first <= last_inside) {
        for (int tap = 0; tap < taps.count; ++tap) taps.inputs[tap] += pixel_step;
      } else {
        FindTaps(pool, image, at, planes, rows, &taps);
        inside = first >= 0 && first <= last_inside;
      }
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
