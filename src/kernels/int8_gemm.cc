#include "kernels/int8_gemm.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/activation.h"
#include "kernels/gemm.h"
#include "kernels/int8_dot.h"

namespace webinfer::kernels {

namespace {

constexpr size_t kCachedPanelBytes = size_t{1} << 20;
constexpr int kTileRowsInt8 = 6;
constexpr int kMostSums = 16 * 48;  // kept in the first cache until they are finished
static_assert(kMostSums >= 8 * kMostInt8Rows);

size_t PaddedColumns(int n) { return (static_cast<size_t>(n) + 7) / 8 * 8; }

struct Tile8 {
  const uint8_t* a;
  size_t a_stride;
  const int8_t* b;
  size_t b_stride;  // from panel to panel
  int steps;
  int columns;  // a multiple of 8
  int32_t* sums;
  size_t sums_stride;
  int panel_sums = 8;  // from one panel's sums to the next's
};

// kRows rows times kPanels panels at once, from panel to panel. Returns the columns done.
template <typename Dot, int kRows, int kPanels>
WEBINFER_INLINE int RunPanels(const Tile8& t, int done) {
  constexpr int kColumns = 8 * kPanels;
  const int last = t.columns - kColumns + 1;
  const int8_t* panel = t.b + static_cast<size_t>(done / 8) * t.b_stride;
  const size_t b_stride = t.b_stride;
  WEBINFER_NO_UNROLL
  for (; done < last; done += kColumns, panel += kPanels * b_stride) {
    Vec sum[kRows][2 * kPanels];
    WEBINFER_UNROLL
    for (int r = 0; r < kRows; ++r) {
      WEBINFER_UNROLL
      for (int v = 0; v < 2 * kPanels; ++v) sum[r][v] = Zero();
    }
    const uint8_t* a[kRows];
    WEBINFER_UNROLL
    for (int r = 0; r < kRows; ++r) a[r] = t.a + static_cast<size_t>(r) * t.a_stride;
    const int8_t* b = panel;
    WEBINFER_NO_UNROLL
    for (int step = t.steps; step > 0; --step, b += Dot::kPanelStep) {
      if constexpr (kPanels == 1) {
        Vec low, high;
        Dot::Load8(b, &low, &high);
        WEBINFER_UNROLL
        for (int r = 0; r < kRows; ++r) {
          const Vec x = wasm_v128_load32_splat(a[r]);
          a[r] += 4;
          sum[r][0] = Dot::Add(low, x, sum[r][0]);
          sum[r][1] = Dot::Add(high, x, sum[r][1]);
        }
      } else {
        Vec x[kRows];
        WEBINFER_UNROLL
        for (int r = 0; r < kRows; ++r) {
          x[r] = wasm_v128_load32_splat(a[r]);
          a[r] += 4;
        }
        WEBINFER_UNROLL
        for (int p = 0; p < kPanels; ++p) {
          Vec low, high;
          Dot::Load8(b + static_cast<size_t>(p) * b_stride, &low, &high);
          WEBINFER_UNROLL
          for (int r = 0; r < kRows; ++r) {
            sum[r][2 * p] = Dot::Add(low, x[r], sum[r][2 * p]);
            sum[r][2 * p + 1] = Dot::Add(high, x[r], sum[r][2 * p + 1]);
          }
        }
      }
    }
    WEBINFER_UNROLL
    for (int r = 0; r < kRows; ++r) {
      int32_t* to = t.sums + static_cast<size_t>(r) * t.sums_stride + done;
      WEBINFER_UNROLL
      for (int v = 0; v < 2 * kPanels; ++v) Store(to + v / 2 * t.panel_sums + 4 * (v % 2), sum[r][v]);
    }
  }
  return done;
}

template <typename Dot, int kRows>
WEBINFER_NOINLINE void RunTile8(const Tile8& t) {
  constexpr bool kWide = Dot::kPanelStep == 16;
  int done = 0;
  if constexpr (kRows == 1) done = RunPanels < Dot, 1, kWide ? 4 : 6 > (t, done);
  if constexpr (kRows == 2) done = RunPanels < Dot, 2, kWide ? 2 : 3 > (t, done);
  RunPanels<Dot, kRows, 1>(t, done);
}

int TileRows(int left) { return left >= 2 * kTileRowsInt8 ? kTileRowsInt8 : left <= kTileRowsInt8 ? left : (left + 1) / 2; }

// Rows [row, row + rows) of the block over columns [first, first + columns) of it.
template <typename Dot>
void RunPart(const Int8Block& block, const Int8Stage& stage, int row, int rows, int first, int columns) {
  alignas(16) int32_t sums[kMostSums];
  const size_t panel_bytes = static_cast<size_t>(Int8Depth(block.k)) * 8;
  Tile8 t{block.a + static_cast<size_t>(row) * block.a_stride,
          block.a_stride,
          block.b.panels + static_cast<size_t>((block.column + first) / 8) * panel_bytes,
          panel_bytes,
          Int8Depth(block.k) / (Dot::kPanelStep / 8),
          (columns + 7) / 8 * 8,
          sums,
          static_cast<size_t>((columns + 7) / 8 * 8)};
  for (int done = 0; done < rows;) {
    const int height = TileRows(rows - done);
    switch (height) {
      case 1: RunTile8<Dot, 1>(t); break;
      case 2: RunTile8<Dot, 2>(t); break;
      case 3: RunTile8<Dot, 3>(t); break;
      case 4: RunTile8<Dot, 4>(t); break;
      case 5: RunTile8<Dot, 5>(t); break;
      default: RunTile8<Dot, 6>(t); break;
    }
    done += height;
    t.a += static_cast<size_t>(height) * t.a_stride;
    t.sums += static_cast<size_t>(height) * t.sums_stride;
  }
  const size_t c_row = block.c_stride * (stage.output->kind == Int8Output::Kind::kByte ? 1 : 4);
  FinishInt8(stage, sums, t.sums_stride, block.row_sums == nullptr ? nullptr : block.row_sums + row, rows, block.column + first,
             columns, block.c + static_cast<size_t>(row) * c_row, block.c_stride);
}

// One row over more of b than caches hold: panels far apart are read together, each a stream that memory foresees. Returns the
// columns done.
template <typename Dot>
int RunStreams(const Int8Block& block, const Int8Stage& stage) {
  constexpr int kStreams = Dot::kPanelStep == 16 ? 4 : 6, kPanelsTogether = kMostSums / (8 * kStreams);
  alignas(16) int32_t sums[kMostSums];
  const size_t panel_bytes = static_cast<size_t>(Int8Depth(block.k)) * 8;
  const int length = block.columns / 8 / kStreams;
  for (int first = 0; first < length; first += kPanelsTogether) {
    const int panels = std::min(kPanelsTogether, length - first);
    for (int i = 0; i < panels; ++i) {
      RunPanels<Dot, 1, kStreams>(
          {block.a, block.a_stride, block.b.panels + static_cast<size_t>(block.column / 8 + first + i) * panel_bytes,
           static_cast<size_t>(length) * panel_bytes, Int8Depth(block.k) / (Dot::kPanelStep / 8), 8 * kStreams, sums + 8 * i, 0,
           8 * kPanelsTogether},
          0);
    }
    for (int s = 0; s < kStreams; ++s) {
      FinishInt8(stage, sums + 8 * kPanelsTogether * s, 0, block.row_sums, 1, block.column + 8 * (s * length + first), 8 * panels,
                 block.c, block.c_stride);
    }
  }
  return 8 * kStreams * length;
}

// All rows over one panel while it is in the first cache, or row after row over panels that stay in the second.
template <typename Dot>
void RunBlock(const Int8Block& block, const Int8Stage& stage) {
  const size_t bytes = static_cast<size_t>(Int8Depth(block.k)) * PaddedColumns(block.columns);
  if (bytes > kCachedPanelBytes && block.rows == 1) {
    const int done = RunStreams<Dot>(block, stage);
    if (done < block.columns) RunPart<Dot>(block, stage, 0, 1, done, block.columns - done);
    return;
  }
  if (bytes > kCachedPanelBytes && block.rows > kTileRowsInt8) {
    for (int done = 0; done < block.columns; done += 8) {
      RunPart<Dot>(block, stage, 0, block.rows, done, std::min(8, block.columns - done));
    }
    return;
  }
  for (int row = 0; row < block.rows;) {
    const int rows = TileRows(block.rows - row), most = kMostSums / rows / 48 * 48;
    for (int done = 0; done < block.columns; done += most) {
      RunPart<Dot>(block, stage, row, rows, done, std::min(most, block.columns - done));
    }
    row += rows;
  }
}

int32_t ZeroOf(const void* zeros, bool is_signed, size_t i) {
  if (zeros == nullptr) return 0;
  return is_signed ? static_cast<const int8_t*>(zeros)[i] : static_cast<const uint8_t*>(zeros)[i];
}

// Whether a scaled sum may reach 2^22, where the trick that rounds ends.
bool NeedsClamp(const Int8Output& output, const Int8Gemm& gemm) {
  if (output.kind != Int8Output::Kind::kByte) return false;
  float scale = std::fabs(*output.scale), bias = 0;
  for (int j = 1; output.per_column && j < gemm.n; ++j) scale = std::max(scale, std::fabs(output.scale[j]));
  for (int j = 0; output.bias != nullptr && j < gemm.n; ++j) bias = std::max(bias, std::fabs(static_cast<float>(output.bias[j])));
  return !(scale * (65025.0f * static_cast<float>(gemm.k) + bias) < 4194304.0f);
}

}  // namespace

Int8Dot ProbeInt8Dot() {
  static const Int8Dot dot = [] {
    if (!kHasRelaxedDot) return Int8Dot::kWiden;
    // From memory: wasm-opt aborts on a relaxed operation whose operands are all constants.
    volatile int8_t large = 127;
    volatile uint8_t all = 255;
    alignas(16) int8_t a[16];
    alignas(16) uint8_t b[16];
    for (int i = 0; i < 16; ++i) {
      a[i] = large;
      b[i] = all;
    }
    const int32_t sum = wasm_i32x4_extract_lane(RelaxedDot(Load(a), Load(b), Zero()), 0);
    return sum == 4 * 127 * 255 ? Int8Dot::kUnsigned : sum == -4 * 127 ? Int8Dot::kSigned : Int8Dot::kWiden;
  }();
  return dot;
}

size_t PackedInt8Bytes(int k, int n) { return PaddedColumns(n) * (static_cast<size_t>(Int8Depth(k)) + sizeof(int32_t)); }

Int8Weights Int8WeightsAt(const void* packed, int k, int n, Int8Dot dot) {
  const auto* panels = static_cast<const int8_t*>(packed);
  return {panels, reinterpret_cast<const int32_t*>(panels + PaddedColumns(n) * static_cast<size_t>(Int8Depth(k))), dot};
}

void PackInt8(const ByteMatrix& b, int k, int n, Int8Dot dot, void* packed) {
  const auto* from = static_cast<const uint8_t*>(b.data);
  const uint8_t flip = b.is_signed ? 0 : 0x80;
  const int group = dot == Int8Dot::kWiden ? 2 : 4, depth = Int8Depth(k);
  auto* to = static_cast<int8_t*>(packed);
  auto* sums = const_cast<int32_t*>(Int8WeightsAt(packed, k, n, dot).column_sums);
  for (int panel = 0; panel < n; panel += 8) {
    int32_t panel_sums[8] = {};
    for (int first = 0; first < depth; first += group) {
      for (int j = 0; j < 8; ++j) {
        for (int i = first; i < first + group; ++i) {
          int8_t value = 0;
          if (panel + j < n && i < k) {
            const size_t row =
                static_cast<size_t>(i / b.inner) * b.outer_stride + static_cast<size_t>(i % b.inner) * b.inner_stride;
            value = static_cast<int8_t>(from[row + static_cast<size_t>(panel + j) * b.n_stride] ^ flip);
          }
          panel_sums[j] += value;
          *to++ = value;
        }
      }
    }
    std::copy(panel_sums, panel_sums + 8, sums + panel);
  }
}

size_t Int8StageBytes(int n) { return 4 * PaddedColumns(n) * sizeof(int32_t); }

Int8Stage PrepareInt8Stage(const Int8Gemm& gemm, void* memory) {
  const Int8Output& output = gemm.output;
  const size_t padded = PaddedColumns(gemm.n);
  const auto n = static_cast<size_t>(gemm.n);
  auto* const offset = static_cast<int32_t*>(memory);
  auto* const row_factor = offset + padded;
  auto* const scale = reinterpret_cast<float*>(row_factor + padded);
  auto* const bias = scale + padded;
  // As the bytes are multiplied: a signed or unsigned, b signed.
  const int a_zero = gemm.a_zero + (gemm.b.dot == Int8Dot::kUnsigned && gemm.a_signed  ? 128
                                    : gemm.b.dot == Int8Dot::kSigned && !gemm.a_signed ? -128
                                                                                       : 0);
  const bool has_b_zero = gemm.b_zero != nullptr || !gemm.b_signed;
  bool any_b_zero = false;
  // In unsigned arithmetic: sums of long rows wrap around, as the operator's definition has it.
  for (size_t j = 0; j < n; ++j) {
    offset[j] = static_cast<int32_t>(0u - static_cast<uint32_t>(a_zero) * static_cast<uint32_t>(gemm.b.column_sums[j]));
  }
  if (output.bias != nullptr) {
    for (size_t j = 0; j < n; ++j) {
      offset[j] = static_cast<int32_t>(static_cast<uint32_t>(offset[j]) + static_cast<uint32_t>(output.bias[j]));
    }
  }
  for (size_t j = 0; has_b_zero && j < n; ++j) {
    const int32_t b_zero = ZeroOf(gemm.b_zero, gemm.b_signed, gemm.b_zero_per_column ? j : 0) - (gemm.b_signed ? 0 : 128);
    any_b_zero |= b_zero != 0;
    offset[j] =
        static_cast<int32_t>(static_cast<uint32_t>(offset[j]) +
                             static_cast<uint32_t>(gemm.k) * static_cast<uint32_t>(a_zero) * static_cast<uint32_t>(b_zero));
    row_factor[j] = -b_zero;
  }
  std::fill(offset + n, offset + padded, 0);
  std::fill(row_factor + n, row_factor + padded, 0);
  if (output.scale != nullptr && output.per_column) {
    std::copy(output.scale, output.scale + n, scale);
  } else {
    std::fill(scale, scale + n, output.scale != nullptr ? *output.scale : 0);
  }
  std::fill(scale + n, scale + padded, 0.0f);
  if (output.kind == Int8Output::Kind::kFloat) {
    std::fill(bias, bias + padded, 0.0f);
    if (output.float_bias != nullptr) std::copy(output.float_bias, output.float_bias + n, bias);
  }
  return {&output, offset, any_b_zero ? row_factor : nullptr, scale, bias, NeedsClamp(output, gemm)};
}

uint8_t Int8Flip(Int8Dot dot, bool is_signed) {
  return (dot == Int8Dot::kUnsigned && is_signed) || (dot == Int8Dot::kSigned && !is_signed) ? 0x80 : 0;
}

void ConvertInt8Row(const uint8_t* from, int k, Int8Dot dot, bool is_signed, void* to) {
  const int depth = Int8Depth(k);
  if (dot != Int8Dot::kWiden) {
    const Vec flip = wasm_i8x16_splat(static_cast<int8_t>(Int8Flip(dot, is_signed)));
    auto* bytes = static_cast<uint8_t*>(to);
    int i = 0;
    for (; i + 16 <= k; i += 16) Store(bytes + i, wasm_v128_xor(Load(from + i), flip));
    for (; i < k; ++i) bytes[i] = from[i] ^ Int8Flip(dot, is_signed);
    for (; i < depth; ++i) bytes[i] = 0;
    return;
  }
  auto* words = static_cast<int16_t*>(to);
  int i = 0;
  for (; i + 8 <= k; i += 8) Store(words + i, is_signed ? wasm_i16x8_load8x8(from + i) : wasm_u16x8_load8x8(from + i));
  for (; i < k; ++i) words[i] = is_signed ? static_cast<int8_t>(from[i]) : from[i];
  for (; i < depth; ++i) words[i] = 0;
}

int32_t SumInt8Row(const void* row, int k, Int8Dot dot) {
  int32_t sum = 0;
  if (dot == Int8Dot::kWiden) {
    for (int i = 0; i < k; ++i) sum += static_cast<const int16_t*>(row)[i];
  } else if (dot == Int8Dot::kSigned) {
    for (int i = 0; i < k; ++i) sum += static_cast<const int8_t*>(row)[i];
  } else {
    for (int i = 0; i < k; ++i) sum += static_cast<const uint8_t*>(row)[i];
  }
  return sum;
}

void RunInt8Block(const Int8Block& block, const Int8Stage& stage) {
  switch (block.b.dot) {
    case Int8Dot::kWiden: RunBlock<WidenDot>(block, stage); break;
    case Int8Dot::kUnsigned:
      if constexpr (kHasRelaxedDot) RunBlock<UnsignedDot>(block, stage);
      break;
    case Int8Dot::kSigned:
      if constexpr (kHasRelaxedDot) RunBlock<SignedDot>(block, stage);
      break;
  }
  const Int8Output& output = *stage.output;
  if (output.kind != Int8Output::Kind::kFloat || output.activation == Activation::kNone) return;
  for (int row = 0; row < block.rows; ++row) {
    float* c = reinterpret_cast<float*>(block.c) + static_cast<size_t>(row) * block.c_stride + block.column;
    ApplyActivation(output.activation, output.alpha, output.beta, c, static_cast<size_t>(block.columns));
  }
}

size_t Int8GemmScratch(int, int n, int k, int threads) {
  const size_t rows = Int8RowBytes(k, Int8Dot::kWiden) * kMostInt8Rows + kMostInt8Rows * sizeof(int32_t) + 64;
  return (Int8StageBytes(n) + 63) / 64 * 64 + static_cast<size_t>(threads) * (rows / 64 * 64);
}

void RunInt8Gemm(const Int8Gemm& gemm, void* scratch, ThreadPool& pool) {
  if (gemm.m == 0 || gemm.n == 0) return;
  const Int8Stage stage = PrepareInt8Stage(gemm, scratch);
  const size_t stage_bytes = (Int8StageBytes(gemm.n) + 63) / 64 * 64;
  const size_t thread_bytes = Int8GemmScratch(0, gemm.n, gemm.k, 1) - stage_bytes;
  const Int8Dot dot = gemm.b.dot;
  const bool converts = dot == Int8Dot::kWiden || Int8Flip(dot, gemm.a_signed) != 0;
  const size_t element = gemm.output.kind == Int8Output::Kind::kByte ? 1 : 4;
  Blocking blocking = ChooseBlocking(gemm.m, gemm.n, gemm.k / 4 + 1, pool.size());
  blocking.rows = std::min(blocking.rows, kMostInt8Rows);
  blocking.row_blocks = (gemm.m + blocking.rows - 1) / blocking.rows;

  pool.ParallelFor(blocking.tasks(), [&](int task, int thread) {
    const int row = task / blocking.column_blocks * blocking.rows, column = task % blocking.column_blocks * blocking.columns;
    const auto first = static_cast<size_t>(row);
    auto* row_sums =
        reinterpret_cast<int32_t*>(static_cast<uint8_t*>(scratch) + stage_bytes + static_cast<size_t>(thread) * thread_bytes);
    auto* converted = reinterpret_cast<uint8_t*>(row_sums + kMostInt8Rows);
    Int8Block block{static_cast<const uint8_t*>(gemm.a) + first * gemm.a_stride,
                    gemm.a_stride,
                    nullptr,
                    std::min(blocking.rows, gemm.m - row),
                    gemm.k,
                    column,
                    std::min(blocking.columns, gemm.n - column),
                    gemm.b,
                    static_cast<uint8_t*>(gemm.c) + first * gemm.c_stride * element,
                    gemm.c_stride};
    if (converts) {
      const size_t row_bytes = Int8RowBytes(gemm.k, dot);
      for (int i = 0; i < block.rows; ++i) {
        ConvertInt8Row(block.a + static_cast<size_t>(i) * gemm.a_stride, gemm.k, dot, gemm.a_signed,
                       converted + static_cast<size_t>(i) * row_bytes);
      }
      block.a = converted;
      block.a_stride = row_bytes;
    }
    if (stage.row_factor != nullptr) {
      for (int i = 0; i < block.rows; ++i) {
        row_sums[i] = SumInt8Row(block.a + static_cast<size_t>(i) * block.a_stride, gemm.k, dot);
      }
      block.row_sums = row_sums;
    }
    RunInt8Block(block, stage);
  });
}

}  // namespace webinfer::kernels
