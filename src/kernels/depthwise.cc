#include "kernels/depthwise.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "kernels/activation.h"
#include "kernels/conv_pixel.h"
#include "kernels/gemm_tile.h"
#include "kernels/simd.h"

namespace webinfer::kernels {
namespace {

// Outputs along a row that share the loads of weights and inputs; a row ends with fewer.
constexpr int kPixels = 8, kFewPixels = 4;

struct PixelGroup {
  // Where the inputs are: `rows` kernel rows that lie in the image, each of the columns that the group needs. Either all
  // columns lie in the image, `row_step` floats from row to row, or `table` has a pointer for each.
  const float* first = nullptr;
  size_t row_step = 0;
  const float* const* table = nullptr;
  int rows = 0;
  size_t column_step = 0;   // floats between kernel columns, where that is not one pixel
  size_t pixel_step = 0;    // floats between the inputs of neighbouring outputs
  int width = 0;            // kernel columns
  const float* weights;     // of the first of these rows
  size_t weights_step = 0;  // floats from 4 channels to the next
  float* y = nullptr;
  int channels = 0, count = 0;  // count: pixels to store
  TileEpilogue epilogue;
};

// What a group does with finished sums, in locals: the compiler cannot know that stores leave the group alone.
struct PixelStore {
  float* const y;
  const float* const bias;
  const float* const residual;
  const size_t channels;
  const bool residual_last;
  const Vec low, high;

  explicit PixelStore(const PixelGroup& p)
      : y(p.y),
        bias(p.epilogue.bias),
        residual(p.epilogue.residual),
        channels(static_cast<size_t>(p.channels)),
        residual_last(p.epilogue.residual_last),
        low(Opaque(p.epilogue.clamp ? p.epilogue.low : -std::numeric_limits<float>::infinity())),
        high(Opaque(p.epilogue.clamp ? p.epilogue.high : std::numeric_limits<float>::infinity())) {}

  WEBINFER_INLINE Vec Start(size_t channel) const { return bias != nullptr ? Load(bias + channel) : Zero(); }
  WEBINFER_INLINE void Finish(Vec sum, size_t pixel, size_t channel) const {
    const size_t at = pixel * channels + channel;
    if (residual != nullptr && !residual_last) sum = Add(sum, Load(residual + at));
    sum = FastMin(FastMax(sum, low), high);
    if (residual != nullptr && residual_last) sum = Add(sum, Load(residual + at));
    if (channel + 4 <= channels) {
      Store(y + at, sum);
    } else {
      StorePartial(y + at, sum, static_cast<int>(channels - channel));
    }
  }
};

// kCount outputs of a convolution that is kKernel wide. The loop over the kernel's rows stays a loop: with all taps unrolled
// V8 runs out of registers, and the kernel is 1.7 times slower.
template <int kKernel, int kStride, int kCount, bool kTable>
WEBINFER_NOINLINE void RunPixels(const PixelGroup& p) {
  constexpr int kColumns = (kCount - 1) * kStride + kKernel;
  const PixelStore store(p);
  const int rows = p.rows, count = p.count;
  const size_t row_step = p.row_step;
  const float* weights = p.weights;
  WEBINFER_NO_UNROLL
  for (size_t channel = 0; channel < store.channels; channel += 4, weights += p.weights_step) {
    Vec sum[kCount];
    WEBINFER_UNROLL
    for (int pixel = 0; pixel < kCount; ++pixel) sum[pixel] = store.Start(channel);
    const float* w_row = weights;
    const float* row = kTable ? nullptr : p.first + channel;
    const float* const* table = p.table;
    WEBINFER_NO_UNROLL
    for (int ky = rows; ky > 0; --ky, w_row += 4 * kKernel) {
      Vec w[kKernel];
      WEBINFER_UNROLL
      for (int kx = 0; kx < kKernel; ++kx) w[kx] = Load(w_row + 4 * kx);
      const float* at = row;
      WEBINFER_UNROLL
      for (int column = 0; column < kColumns; ++column) {
        const Vec x = Load(kTable ? table[column] + channel : at);
        if constexpr (!kTable) at += store.channels;
        WEBINFER_UNROLL
        for (int pixel = 0; pixel < kCount; ++pixel) {
          const int kx = column - pixel * kStride;
          if (kx >= 0 && kx < kKernel) sum[pixel] = Madd(x, w[kx], sum[pixel]);
        }
      }
      if constexpr (kTable) {
        table += kColumns;
      } else {
        row += row_step;
      }
    }
    WEBINFER_UNROLL
    for (int pixel = 0; pixel < kCount; ++pixel) {
      if (pixel < count) store.Finish(sum[pixel], static_cast<size_t>(pixel), channel);
    }
  }
}

// kPixels outputs of any kernel, whose inputs all lie in the image.
WEBINFER_NOINLINE void RunAnyPixels(const PixelGroup& p) {
  const PixelStore store(p);
  const int rows = p.rows, width = p.width;
  const size_t row_step = p.row_step, column_step = p.column_step, pixel_step = p.pixel_step;
  const float* weights = p.weights;
  WEBINFER_NO_UNROLL
  for (size_t channel = 0; channel < store.channels; channel += 4, weights += p.weights_step) {
    Vec sum[kPixels];
    WEBINFER_UNROLL
    for (int pixel = 0; pixel < kPixels; ++pixel) sum[pixel] = store.Start(channel);
    const float *w = weights, *row = p.first + channel;
    WEBINFER_NO_UNROLL
    for (int ky = rows; ky > 0; --ky, row += row_step) {
      const float* tap = row;
      WEBINFER_NO_UNROLL
      for (int kx = width; kx > 0; --kx, w += 4, tap += column_step) {
        const Vec factor = Load(w);
        const float* at = tap;
        WEBINFER_UNROLL
        for (int pixel = 0; pixel < kPixels; ++pixel, at += pixel_step) sum[pixel] = Madd(Load(at), factor, sum[pixel]);
      }
    }
    WEBINFER_UNROLL
    for (int pixel = 0; pixel < kPixels; ++pixel) store.Finish(sum[pixel], static_cast<size_t>(pixel), channel);
  }
}

// One output of any kernel; the table holds one pointer per tap.
WEBINFER_NOINLINE void RunOnePixel(const PixelGroup& p) {
  const PixelStore store(p);
  const int taps = p.rows * p.width;
  const float* weights = p.weights;
  for (size_t channel = 0; channel < store.channels; channel += 4, weights += p.weights_step) {
    // Four sums: one alone would wait for each multiply-add before the next.
    Vec sum[4] = {store.Start(channel), Zero(), Zero(), Zero()};
    const float* w = weights;
    int tap = 0;
    WEBINFER_NO_UNROLL
    for (; tap + 4 <= taps; tap += 4, w += 16) {
      WEBINFER_UNROLL
      for (int i = 0; i < 4; ++i) sum[i] = Madd(Load(p.table[tap + i] + channel), Load(w + 4 * i), sum[i]);
    }
    for (; tap < taps; ++tap, w += 4) sum[0] = Madd(Load(p.table[tap] + channel), Load(w), sum[0]);
    store.Finish(Add(Add(sum[0], sum[1]), Add(sum[2], sum[3])), 0, channel);
  }
}

// How rows of outputs are made: groups of kPixels, the last of kFewPixels if that will do, by pointers at the image's edges.
struct Method {
  using Run = void (*)(const PixelGroup&);
  Run inside = RunAnyPixels, edge = RunOnePixel, few_inside = nullptr, few_edge = nullptr;
  bool any = true;  // any kernel: at the edges pixel by pixel
};

template <int kKernel, int kStride>
Method MethodOf() {
  return {RunPixels<kKernel, kStride, kPixels, false>, RunPixels<kKernel, kStride, kPixels, true>,
          RunPixels<kKernel, kStride, kFewPixels, false>, RunPixels<kKernel, kStride, kFewPixels, true>, false};
}

Method MethodFor(const ConvGeometry& g) {
  if (g.dilation[2] != 1) return {};
  switch (g.kernel[2] * 10 + g.stride[2]) {
    case 31: return MethodOf<3, 1>();
    case 32: return MethodOf<3, 2>();
    case 51: return MethodOf<5, 1>();
    case 52: return MethodOf<5, 2>();
    case 71: return MethodOf<7, 1>();
    default: return {};
  }
}

// Pointers of the table: the columns of a whole group, or one pixel's taps.
size_t TableFloats(const ConvGeometry& g) {
  const auto pointers = static_cast<size_t>(g.kernel[1] * ((kPixels - 1) * g.stride[2] + g.kernel[2]));
  return (pointers * sizeof(const float*) / sizeof(float) + 15) / 16 * 16;
}

// One row of outputs.
class OutputRow {
 public:
  OutputRow(const ConvGeometry& g, const Method& method, const float* image, int row, const float* zero, const float** table)
      : g_(g), method_(method), zero_(zero), table_(table) {
    const int top = row * g.stride[1] - g.pad[1], step = g.dilation[1];
    const int begin = top >= 0 ? 0 : std::min(g.kernel[1], (step - 1 - top) / step);
    const int end = top >= g.in[1] ? 0 : std::min(g.kernel[1], (g.in[1] - 1 - top) / step + 1);
    group_.rows = std::max(0, end - begin);
    const auto channels = static_cast<size_t>(g.channels);
    group_.row_step = static_cast<size_t>(step) * static_cast<size_t>(g.in[2]) * channels;
    group_.column_step = static_cast<size_t>(g.dilation[2]) * channels;
    group_.pixel_step = static_cast<size_t>(g.stride[2]) * channels;
    group_.width = g.kernel[2];
    group_.channels = g.channels;
    group_.weights_step = 4 * static_cast<size_t>(g.taps());
    first_row_ = image + (group_.rows == 0 ? 0 : int64_t{top + begin * step} * g.in[2] * g.channels);
    skipped_floats_ = 4 * static_cast<size_t>(begin) * static_cast<size_t>(g.kernel[2]);
  }

  void Run(const float* packed, float* y, const TileEpilogue& epilogue) {
    group_.weights = packed + skipped_floats_;
    for (int at = 0; at < g_.out[2];) {
      const int left = g_.out[2] - at, first = at * g_.stride[2] - g_.pad[2];
      const bool few = !method_.any && left <= kFewPixels;
      int pixels = few ? kFewPixels : kPixels;
      const int reach = (pixels - 1) * g_.stride[2] + (g_.kernel[2] - 1) * g_.dilation[2];
      const bool inside = first >= 0 && first + reach < g_.in[2] && (!method_.any || left >= pixels);
      if (!inside && method_.any) pixels = 1;
      group_.count = std::min(pixels, left);
      group_.y = y + int64_t{at} * g_.channels;
      group_.epilogue = epilogue;
      if (epilogue.residual != nullptr) group_.epilogue.residual += int64_t{at} * g_.channels;
      if (inside) {
        group_.first = first_row_ + int64_t{first} * g_.channels;
      } else {
        group_.table = table_;
        FillTable(first, method_.any ? g_.kernel[2] : reach + 1, method_.any ? g_.dilation[2] : 1);
      }
      (few ? inside ? method_.few_inside : method_.few_edge : inside ? method_.inside : method_.edge)(group_);
      at += group_.count;
    }
  }

 private:
  void FillTable(int first, int columns, int step) {
    const float** to = table_;
    const float* row = first_row_;
    for (int ky = 0; ky < group_.rows; ++ky, row += group_.row_step) {
      for (int i = 0, x = first; i < columns; ++i, x += step)
        *to++ = Inside(x, g_.in[2]) ? row + int64_t{x} * g_.channels : zero_;
    }
  }

  const ConvGeometry& g_;
  const Method& method_;
  const float* const zero_;
  const float** const table_;
  const float* first_row_;
  size_t skipped_floats_;
  PixelGroup group_;
};

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
  const Method method = MethodFor(g);
  const size_t zero_floats = DepthwiseScratchFloats(g, 0);
  std::memset(scratch, 0, zero_floats * sizeof(float));
  const TileEpilogue tile = TilePart(epilogue);

  pool.ParallelFor(g.batch * g.out[1], [&](int task, int thread) {
    const float* image = x + int64_t{task / g.out[1]} * g.in[1] * g.in[2] * g.channels;
    auto* table = reinterpret_cast<const float**>(scratch + zero_floats + static_cast<size_t>(thread) * TableFloats(g));
    const int64_t first = int64_t{task} * g.out[2] * g.channels;
    TileEpilogue here = tile;
    if (here.residual != nullptr) here.residual += first;
    OutputRow(g, method, image, task % g.out[1], scratch, table).Run(packed, y + first, here);
    Epilogue rest = epilogue;
    if (rest.residual != nullptr) rest.residual += first;
    FinishRows(rest, y + first, static_cast<size_t>(g.channels), g.out[2], g.channels);
  });
}

}  // namespace webinfer::kernels
