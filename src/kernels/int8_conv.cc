#include "kernels/int8_conv.h"

#include <algorithm>
#include <cstring>

#include "kernels/conv_pixel.h"
#include "kernels/depthwise.h"
#include "kernels/gemm.h"
#include "kernels/int8_depthwise.h"
#include "kernels/simd.h"

namespace webinfer::kernels {

namespace {

constexpr size_t RoundUp(size_t bytes) { return (bytes + 63) / 64 * 64; }

int PatchBytes(const ConvGeometry& g) { return g.taps() * g.group_channels(); }

// Scratch: the stage, then for each thread its row sums, a patch as it is gathered, and a block of rows.
struct Layout {
  size_t stage, row_sums, patch, rows;

  explicit Layout(const ConvGeometry& g)
      : stage(RoundUp(Int8StageBytes(g.group_filters()))),
        row_sums(RoundUp(kMostInt8Rows * sizeof(int32_t))),
        patch(RoundUp(static_cast<size_t>(PatchBytes(g)) + 16)),
        rows(RoundUp(kMostInt8Rows * Int8RowBytes(PatchBytes(g), Int8Dot::kWiden) + 16)) {}
  size_t thread() const { return row_sums + patch + rows; }
};

// In whole vectors: reads and writes up to 15 bytes behind the end.
WEBINFER_INLINE uint8_t* CopyBytes(const uint8_t* from, int count, uint8_t* to) {
  for (int i = 0; i < count; i += 16) Store(to + i, Load(from + i));
  return to + count;
}
WEBINFER_INLINE uint8_t* FillBytes(Vec value, int count, uint8_t* to) {
  for (int i = 0; i < count; i += 16) Store(to + i, value);
  return to + count;
}

// The patch of one pixel, [taps][channels of the group]; `x` points at the group's first channel.
void GatherPatch(const ConvGeometry& g, const uint8_t* x, const Pixel& pixel, Vec zero, uint8_t* to) {
  const int channels = g.group_channels(), width = g.in[2], step = g.dilation[2], taps = g.kernel[2], first = pixel.in[2];
  const bool contiguous = step == 1 && g.group == 1;
  for (int kz = 0; kz < g.kernel[0]; ++kz) {
    for (int ky = 0; ky < g.kernel[1]; ++ky) {
      const uint8_t* row = ImageRow(g, x, pixel, kz, ky);
      if (row == nullptr) {
        to = FillBytes(zero, taps * channels, to);
      } else if (contiguous) {
        const int begin = std::clamp(-first, 0, taps), end = std::clamp(width - first, begin, taps);
        to = FillBytes(zero, begin * channels, to);
        to = CopyBytes(row + static_cast<int64_t>(first + begin) * channels, (end - begin) * channels, to);
        to = FillBytes(zero, (taps - end) * channels, to);
      } else {
        for (int kx = 0, at = first; kx < taps; ++kx, at += step) {
          to = Inside(at, width) ? CopyBytes(row + static_cast<int64_t>(at) * g.channels, channels, to)
                                 : FillBytes(zero, channels, to);
        }
      }
    }
  }
}

// `conv` as a product for the filters of one group.
Int8Gemm GroupGemm(const Int8Conv& conv, int group) {
  const ConvGeometry& g = conv.geometry;
  const int filters = g.group_filters(), first = group * filters;
  Int8Gemm gemm;
  gemm.a_signed = conv.x_signed;
  gemm.a_zero = conv.x_zero;
  gemm.k = PatchBytes(g);
  gemm.n = filters;
  const auto* packed = static_cast<const uint8_t*>(conv.packed);
  gemm.b = Int8WeightsAt(packed + static_cast<size_t>(group) * PackedInt8Bytes(gemm.k, filters), gemm.k, filters, conv.dot);
  gemm.b_signed = conv.filters.is_signed;
  gemm.b_zero = conv.filters.zero;
  gemm.b_zero_per_column = conv.filters.zero_per_filter;
  if (gemm.b_zero != nullptr && gemm.b_zero_per_column) gemm.b_zero = static_cast<const uint8_t*>(gemm.b_zero) + first;
  gemm.output = conv.output;
  if (gemm.output.bias != nullptr) gemm.output.bias += first;
  if (gemm.output.float_bias != nullptr) gemm.output.float_bias += first;
  if (gemm.output.scale != nullptr && gemm.output.per_column) gemm.output.scale += first;
  return gemm;
}

class GroupRun {
 public:
  GroupRun(const Int8Conv& conv, int group, uint8_t* scratch)
      : conv_(conv),
        g_(conv.geometry),
        gemm_(GroupGemm(conv, group)),
        layout_(conv.geometry),
        stage_(PrepareInt8Stage(gemm_, scratch)),
        workspaces_(scratch + layout_.stage),
        x_(static_cast<const uint8_t*>(conv.x) + group * g_.group_channels()) {
    const size_t element = conv.output.kind == Int8Output::Kind::kByte ? 1 : 4;
    y_ = static_cast<uint8_t*>(conv.y) + static_cast<size_t>(group * g_.group_filters()) * element;
    pixel_bytes_ = static_cast<size_t>(g_.filters) * element;
  }

  void Run(ThreadPool& pool) {
    const int pixels = static_cast<int>(g_.pixels());
    Blocking blocking = ChooseBlocking(pixels, gemm_.n, gemm_.k / 4 + 1, pool.size());
    blocking.rows = std::min(blocking.rows, kMostInt8Rows);
    blocking.row_blocks = (pixels + blocking.rows - 1) / blocking.rows;
    pool.ParallelFor(blocking.tasks(), [&](int task, int thread) {
      const int first = task / blocking.column_blocks * blocking.rows, column = task % blocking.column_blocks * blocking.columns;
      RunBlock(first, std::min(blocking.rows, pixels - first), column, std::min(blocking.columns, gemm_.n - column),
               workspaces_ + static_cast<size_t>(thread) * layout_.thread());
    });
  }

 private:
  void RunBlock(int first, int rows, int column, int columns, uint8_t* workspace) {
    auto* row_sums = reinterpret_cast<int32_t*>(workspace);
    const bool converts = conv_.dot == Int8Dot::kWiden || Int8Flip(conv_.dot, conv_.x_signed) != 0;
    Int8Block block{nullptr,
                    0,
                    nullptr,
                    rows,
                    gemm_.k,
                    column,
                    columns,
                    gemm_.b,
                    y_ + static_cast<size_t>(first) * pixel_bytes_,
                    static_cast<size_t>(g_.filters)};
    if (g_.IsPointwise() && !converts && g_.group == 1) {
      block.a = x_ + static_cast<int64_t>(first) * g_.channels;
      block.a_stride = static_cast<size_t>(g_.channels);
    } else {
      block.a = Gather(first, rows, converts, workspace + layout_.row_sums);
      block.a_stride = Int8RowBytes(gemm_.k, conv_.dot);
    }
    if (stage_.row_factor != nullptr) {
      for (int i = 0; i < rows; ++i)
        row_sums[i] = SumInt8Row(block.a + static_cast<size_t>(i) * block.a_stride, gemm_.k, conv_.dot);
      block.row_sums = row_sums;
    }
    RunInt8Block(block, stage_);
  }

  const uint8_t* Gather(int first, int rows, bool converts, uint8_t* patch) const {
    uint8_t* const to = patch + layout_.patch;
    const size_t row_bytes = Int8RowBytes(gemm_.k, conv_.dot);
    const Vec zero = wasm_i8x16_splat(static_cast<int8_t>(conv_.x_zero));
    const bool pointwise = g_.IsPointwise();
    Pixel pixel(g_, first);
    for (int i = 0; i < rows; ++i, pixel.Next()) {
      uint8_t* const row = to + static_cast<size_t>(i) * row_bytes;
      const uint8_t* bytes = converts ? patch : row;
      if (pointwise && converts) {
        bytes = x_ + static_cast<int64_t>(first + i) * g_.channels;
      } else {
        GatherPatch(g_, x_, pixel, zero, converts ? patch : row);
      }
      if (converts) ConvertInt8Row(bytes, gemm_.k, conv_.dot, conv_.x_signed, row);
    }
    return to;
  }

  const Int8Conv& conv_;
  const ConvGeometry& g_;
  const Int8Gemm gemm_;
  const Layout layout_;
  const Int8Stage stage_;
  uint8_t* const workspaces_;
  const uint8_t* const x_;
  uint8_t* y_;
  size_t pixel_bytes_;
};

}  // namespace

size_t PackedInt8ConvBytes(const ConvGeometry& g) {
  if (IsDepthwise(g)) return PackedInt8DepthwiseBytes(g);
  return static_cast<size_t>(g.group) * PackedInt8Bytes(PatchBytes(g), g.group_filters());
}

void PackInt8Conv(const ConvGeometry& g, const Int8Filters& filters, Int8Dot dot, void* packed) {
  if (IsDepthwise(g)) return PackInt8Depthwise(g, filters, dot, packed);
  const int k = PatchBytes(g), count = g.group_filters();
  const auto taps = static_cast<size_t>(g.taps());
  for (int group = 0; group < g.group; ++group) {
    const size_t first = static_cast<size_t>(group) * static_cast<size_t>(count) * static_cast<size_t>(k);
    const ByteMatrix matrix{static_cast<const uint8_t*>(filters.data) + first,
                            filters.is_signed,
                            g.group_channels(),
                            1,
                            taps,
                            static_cast<size_t>(k)};
    PackInt8(matrix, k, count, dot, static_cast<uint8_t*>(packed) + static_cast<size_t>(group) * PackedInt8Bytes(k, count));
  }
}

size_t Int8ConvScratch(const ConvGeometry& g, int threads) {
  if (IsDepthwise(g)) return Int8DepthwiseScratch(g, threads);
  const Layout layout(g);
  return layout.stage + static_cast<size_t>(threads) * layout.thread();
}

void RunInt8Conv(const Int8Conv& conv, void* scratch, ThreadPool& pool) {
  const ConvGeometry& g = conv.geometry;
  if (g.pixels() == 0 || g.filters == 0) return;
  if (IsDepthwise(g)) return RunInt8Depthwise(conv, scratch, pool);
  for (int group = 0; group < g.group; ++group) GroupRun(conv, group, static_cast<uint8_t*>(scratch)).Run(pool);
}

}  // namespace webinfer::kernels
