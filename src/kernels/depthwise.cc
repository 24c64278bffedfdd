#include "kernels/depthwise.h"

#include <algorithm>
#include <cstring>

#include "kernels/activation.h"
#include "kernels/gemm_tile.h"
#include "kernels/simd.h"

namespace webinfer::kernels {
namespace {

constexpr int kPixels = 4;  // outputs along a row that share the loads of input and weights

struct PixelGroup {
  const float* const* inputs;  // [kernel height][columns]
  const float* weights;
  float* y;
  int channels, count;  // count: pixels to store
  TileEpilogue epilogue;
};

WEBINFER_INLINE void StorePixel(const PixelGroup& p, Vec sum, size_t pixel, int channel, Vec low, Vec high) {
  const size_t at = pixel * static_cast<size_t>(p.channels) + static_cast<size_t>(channel);
  const TileEpilogue& e = p.epilogue;
  if (e.residual != nullptr && !e.residual_last) sum = Add(sum, Load(e.residual + at));
  if (e.clamp) sum = FastMin(FastMax(sum, low), high);
  if (e.residual != nullptr && e.residual_last) sum = Add(sum, Load(e.residual + at));
  if (channel + 4 <= p.channels) {
    Store(p.y + at, sum);
  } else {
    StorePartial(p.y + at, sum, p.channels - channel);
  }
}

// kPixels outputs of a kKernel x kKernel convolution; their inputs lie in `kColumns` columns.
template <int kKernel, int kStride>
WEBINFER_NOINLINE void RunPixels(const PixelGroup& p) {
  constexpr int kColumns = (kPixels - 1) * kStride + kKernel;
  const Vec low = Opaque(p.epilogue.low), high = Opaque(p.epilogue.high);
  const float* weights = p.weights;
  const float* inputs[kKernel * kColumns];
  WEBINFER_UNROLL
  for (int i = 0; i < kKernel * kColumns; ++i) inputs[i] = p.inputs[i];
  WEBINFER_NO_UNROLL
  for (int channel = 0; channel < p.channels; channel += 4, weights += 4 * kKernel * kKernel) {
    const Vec start = p.epilogue.bias != nullptr ? Load(p.epilogue.bias + channel) : Zero();
    Vec sum[kPixels] = {start, start, start, start};
    WEBINFER_UNROLL
    for (int ky = 0; ky < kKernel; ++ky) {
      Vec w[kKernel];
      WEBINFER_UNROLL
      for (int kx = 0; kx < kKernel; ++kx) w[kx] = Load(weights + 4 * (ky * kKernel + kx));
      WEBINFER_UNROLL
      for (int column = 0; column < kColumns; ++column) {
        const Vec x = Load(inputs[ky * kColumns + column] + channel);
        WEBINFER_UNROLL
        for (int pixel = 0; pixel < kPixels; ++pixel) {
          const int kx = column - pixel * kStride;
          if (kx >= 0 && kx < kKernel) sum[pixel] = Madd(x, w[kx], sum[pixel]);
        }
      }
    }
    WEBINFER_UNROLL
    for (int pixel = 0; pixel < kPixels; ++pixel) {
      if (pixel < p.count) StorePixel(p, sum[pixel], static_cast<size_t>(pixel), channel, low, high);
    }
  }
}

// One output of any kernel; `inputs` holds one pointer per tap.
WEBINFER_NOINLINE void RunOnePixel(const PixelGroup& p, int taps) {
  const Vec low = Opaque(p.epilogue.low), high = Opaque(p.epilogue.high);
  const float* weights = p.weights;
  for (int channel = 0; channel < p.channels; channel += 4) {
    // Four sums: one alone would wait for each multiply-add before the next.
    Vec sum[4] = {p.epilogue.bias != nullptr ? Load(p.epilogue.bias + channel) : Zero(), Zero(), Zero(), Zero()};
    int tap = 0;
    WEBINFER_NO_UNROLL
    for (; tap + 4 <= taps; tap += 4, weights += 16) {
      WEBINFER_UNROLL
      for (int i = 0; i < 4; ++i) sum[i] = Madd(Load(p.inputs[tap + i] + channel), Load(weights + 4 * i), sum[i]);
    }
    for (; tap < taps; ++tap, weights += 4) sum[0] = Madd(Load(p.inputs[tap] + channel), Load(weights), sum[0]);
    StorePixel(p, Add(Add(sum[0], sum[1]), Add(sum[2], sum[3])), 0, channel, low, high);
  }
}

using PixelsFn = void (*)(const PixelGroup&);
PixelsFn FunctionFor(const ConvGeometry& g) {
  if (g.kernel[1] != g.kernel[2] || g.dilation[2] != 1) return nullptr;  // how rows lie is a matter of their pointers
  switch (g.kernel[2] * 10 + g.stride[2]) {
    case 31: return RunPixels<3, 1>;
    case 32: return RunPixels<3, 2>;
    case 51: return RunPixels<5, 1>;
    case 52: return RunPixels<5, 2>;
    default: return nullptr;
  }
}

// Input columns of a pixel group.
int ColumnsOf(const ConvGeometry& g, bool grouped) { return grouped ? (kPixels - 1) * g.stride[2] + g.kernel[2] : g.kernel[2]; }

size_t TableFloats(const ConvGeometry& g) {
  const auto pointers = static_cast<size_t>(g.kernel[1] * ColumnsOf(g, true));
  return (pointers * sizeof(const float*) / sizeof(float) + 15) / 16 * 16;
}

// Pointers to `columns` pixels of each kernel row from input column `left` on; `step` columns lie between two of them.
void FillInputs(const ConvGeometry& g, const float* image, int top, int left, int columns, int step, const float* zero,
                const float** inputs) {
  for (int ky = 0; ky < g.kernel[1]; ++ky) {
    const int y = top + ky * g.dilation[1];
    const bool inside = y >= 0 && y < g.in[1];
    const float* row = image + int64_t{inside ? y : 0} * g.in[2] * g.channels;
    for (int i = 0, x = left; i < columns; ++i, x += step) {
      *inputs++ = inside && x >= 0 && x < g.in[2] ? row + int64_t{x} * g.channels : zero;
    }
  }
}

}  // namespace

bool IsDepthwise(const ConvGeometry& g) {
  return g.group > 1 && g.group == g.channels && g.group == g.filters && g.kernel[0] == 1 && g.in[0] == 1 && g.out[0] == 1;
}

size_t PackedDepthwiseFloats(const ConvGeometry& g) {
  return static_cast<size_t>((g.channels + 3) / 4 * 4) * static_cast<size_t>(g.taps());
}

void PackDepthwiseWeights(const ConvGeometry& g, const float* weights, float* packed) {
  const int taps = g.taps();
  for (int channel = 0; channel < g.channels; channel += 4) {
    for (int tap = 0; tap < taps; ++tap) {
      for (int j = 0; j < 4; ++j) *packed++ = channel + j < g.channels ? weights[(channel + j) * taps + tap] : 0;
    }
  }
}

size_t DepthwiseScratchFloats(const ConvGeometry& g, int threads) {
  const size_t zero = (static_cast<size_t>(g.channels) + 31) / 16 * 16;
  return zero + static_cast<size_t>(threads) * TableFloats(g);
}

void RunDepthwise(const ConvGeometry& g, const float* x, const float* packed, float* y, const Epilogue& epilogue, float* scratch,
                  ThreadPool& pool) {
  const PixelsFn function = FunctionFor(g);
  const bool grouped = function != nullptr;
  const int columns = ColumnsOf(g, grouped), width = g.out[2], step = grouped ? 1 : g.dilation[2];
  const size_t zero_floats = DepthwiseScratchFloats(g, 0);
  std::memset(scratch, 0, zero_floats * sizeof(float));
  const TileEpilogue tile = TilePart(epilogue);

  pool.ParallelFor(g.batch * g.out[1], [&](int task, int thread) {
    const int image = task / g.out[1], row = task % g.out[1];
    const float* image_x = x + int64_t{image} * g.in[1] * g.in[2] * g.channels;
    auto* inputs = reinterpret_cast<const float**>(scratch + zero_floats + static_cast<size_t>(thread) * TableFloats(g));
    const int64_t first_pixel = int64_t{task} * width;
    for (int at = 0; at < width; at += grouped ? kPixels : 1) {
      FillInputs(g, image_x, row * g.stride[1] - g.pad[1], at * g.stride[2] - g.pad[2], columns, step, scratch, inputs);
      PixelGroup group{inputs, packed, y + (first_pixel + at) * g.channels, g.channels, std::min(kPixels, width - at), tile};
      if (tile.residual != nullptr) group.epilogue.residual += (first_pixel + at) * g.channels;
      if (grouped) {
        function(group);
      } else {
        RunOnePixel(group, g.taps());
      }
    }
    Epilogue rest = epilogue;
    if (rest.residual != nullptr) rest.residual += first_pixel * g.channels;
    FinishRows(rest, y + first_pixel * g.channels, static_cast<size_t>(g.channels), width, g.channels);
  });
}

}  // namespace webinfer::kernels
