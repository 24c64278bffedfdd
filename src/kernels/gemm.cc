#include "kernels/gemm.h"

#include <algorithm>

#include "kernels/activation.h"
#include "kernels/gemm_tile.h"

namespace webinfer::kernels {
namespace {

constexpr size_t kCachedPanelFloats = size_t{256} << 10;  // up to 1 MB of B stays in L2 while rows stream past it
constexpr int64_t kBlockFloats = int64_t{128} << 10;
constexpr int kMostGemmRows = 198;      // of a block: 128 and 197 tokens in one go; a multiple of 6, and nearly of 4
constexpr int kDepthBlock = 768;        // K is cut so that a panel stays in the first cache
constexpr int64_t kTaskWork = 1 << 17;  // multiply-adds below which a second thread does not pay

// How far apart panels are that are read together: streams of their own where B comes from memory.
int PanelDistance(const Tile& tile, int panels) {
  const size_t floats = static_cast<size_t>(tile.columns) * static_cast<size_t>(tile.depth);
  if (floats <= kCachedPanelFloats || tile.b_step != kPanelColumns) return 1;
  return std::max(1, tile.columns / (panels * kPanelColumns));
}

template <int kRows>
WEBINFER_NOINLINE void RunTile(const Tile& tile) {
  int column = 0;
  if constexpr (kRows <= 2) {
    constexpr int kPanels = kRows == 1 ? 5 : 3;
    column = RunTilePanels<kRows, kPanels>(tile, column, PanelDistance(tile, kPanels));
    column = RunTilePanels<kRows, kPanels>(tile, column);
  }
  RunTilePanels<kRows, 1>(tile, column);
}

void RunTileOf(int rows, const Tile& tile) {
  switch (rows) {
    case 1: return RunTile<1>(tile);
    case 2: return RunTile<2>(tile);
    case 3: return RunTile<3>(tile);
    case 4: return RunTile<4>(tile);
    case 5: return RunTile<5>(tile);
#if WEBINFER_RELAXED
    default: return RunTile<6>(tile);
#endif
  }
}

// All tiles of the block over columns [first, first + count).
void RunTiles(const RowBlock& block, const TileEpilogue& epilogue, int first, int count) {
  for (int row = 0; row < block.rows;) {
    const int rows = NextTileRows(block.rows - row);
    Tile tile{block.table + static_cast<size_t>(row) * static_cast<size_t>(block.taps),
              block.taps,
              block.depth,
              block.b.data + static_cast<size_t>(first / kPanelColumns) * block.b.stride,
              block.b.step,
              block.b.stride,
              block.c + static_cast<size_t>(row) * block.c_stride + first,
              block.c_stride,
              count,
              epilogue};
    if (epilogue.bias != nullptr) tile.epilogue.bias += first;
    if (epilogue.residual != nullptr) tile.epilogue.residual += static_cast<size_t>(row) * epilogue.residual_stride + first;
    RunTileOf(rows, tile);
    row += rows;
  }
}

void PackPanel(const float* b, size_t k_stride, size_t n_stride, int k, int columns, float alpha, float* to) {
  int row = 0;
  if (columns == kPanelColumns && n_stride == 1) {
    const Vec scale = Opaque(alpha);
    for (; row < k; ++row, b += k_stride, to += kPanelColumns) {
      Store(to, Mul(Load(b), scale));
      Store(to + 4, Mul(Load(b + 4), scale));
    }
    return;
  }
  if (columns == kPanelColumns && k_stride == 1) {
    const Vec scale = Opaque(alpha);
    for (; row + 4 <= k; row += 4, b += 4, to += 4 * kPanelColumns) {
      for (int half = 0; half < 2; ++half) {
        const float* from = b + static_cast<size_t>(4 * half) * n_stride;
        Vec v0 = Load(from), v1 = Load(from + n_stride), v2 = Load(from + 2 * n_stride), v3 = Load(from + 3 * n_stride);
        Transpose4x4(v0, v1, v2, v3);
        Store(to + 4 * half, Mul(v0, scale));
        Store(to + 8 + 4 * half, Mul(v1, scale));
        Store(to + 16 + 4 * half, Mul(v2, scale));
        Store(to + 24 + 4 * half, Mul(v3, scale));
      }
    }
  }
  for (; row < k; ++row, b += k_stride, to += kPanelColumns) {
    for (int j = 0; j < kPanelColumns; ++j) to[j] = j < columns ? alpha * b[static_cast<size_t>(j) * n_stride] : 0;
  }
}

// Where K is cut into `depth_blocks`, each adds to what the ones before it left in C.
void RunGemmBlock(const Gemm& gemm, int first_row, int rows, int first_column, int columns, int depth_blocks) {
  const float* table[kMostGemmRows];
  const auto row = static_cast<size_t>(first_row);
  RowBlock block{table, 1, 0, rows, columns, gemm.b, gemm.c + row * gemm.c_stride + first_column, gemm.c_stride, gemm.epilogue};
  block.b.data += static_cast<size_t>(first_column / kPanelColumns) * gemm.b.stride;
  if (block.epilogue.bias != nullptr) block.epilogue.bias += first_column;
  if (block.epilogue.residual != nullptr) {
    block.epilogue.residual += static_cast<int64_t>(row) * block.epilogue.residual_stride + first_column;
  }
  const Epilogue whole = block.epilogue;
  for (int i = 0, depth = 0; i < depth_blocks; ++i, depth += block.depth) {
    block.depth = (gemm.k - depth) / (depth_blocks - i);
    for (int r = 0; r < rows; ++r) table[r] = gemm.a + (row + static_cast<size_t>(r)) * gemm.a_stride + depth;
    if (i > 0) block.epilogue = {nullptr, block.c, static_cast<int64_t>(gemm.c_stride)};
    block.epilogue.activation = i + 1 == depth_blocks ? whole.activation : Activation::kNone;
    block.epilogue.alpha = whole.alpha;
    block.epilogue.beta = whole.beta;
    RunRowBlock(block);
    block.b.data += static_cast<size_t>(block.depth) * gemm.b.step;
  }
}

// How many parts of K a block of rows is cut into. Not where a residual comes after the activation: its place is taken.
int DepthBlocks(const Gemm& gemm, int rows) {
  const bool residual_last = gemm.epilogue.residual != nullptr && gemm.epilogue.activation_first;
  if (rows <= 2 * kTileRows || residual_last) return 1;
  return std::max(1, (gemm.k + kDepthBlock / 2) / kDepthBlock);
}

// Threads share the columns of a B that no cache holds, so that each part of it is read once; otherwise ChooseBlocking's blocks.
Blocking GemmBlocking(const Gemm& gemm, int threads) {
  const int depth = std::min(gemm.k, kDepthBlock);
  if (threads == 1 || static_cast<size_t>(gemm.k) * static_cast<size_t>(gemm.n) <= kCachedPanelFloats)
    return ChooseBlocking(gemm.m, gemm.n, depth, threads, kMostGemmRows);
  Blocking blocking = ChooseBlocking(gemm.m, gemm.n, depth, 1, kMostGemmRows);
  const int64_t wanted = std::min<int64_t>(4 * threads, int64_t{gemm.m} * gemm.n * gemm.k / kTaskWork);
  const int parts = static_cast<int>((std::max<int64_t>(wanted, 1) + blocking.row_blocks - 1) / blocking.row_blocks);
  blocking.columns = std::max((gemm.n / parts + kPanelColumns - 1) / kPanelColumns * kPanelColumns, 5 * kPanelColumns);
  blocking.columns = std::min(blocking.columns, gemm.n);
  blocking.column_blocks = (gemm.n + blocking.columns - 1) / blocking.columns;
  return blocking;
}

}  // namespace

void PackB(const float* b, size_t k_stride, size_t n_stride, int k, int n, float alpha, float* packed) {
  for (int column = 0; column < n; column += kPanelColumns, packed += static_cast<size_t>(k) * kPanelColumns) {
    PackPanel(b + static_cast<size_t>(column) * n_stride, k_stride, n_stride, k, std::min(kPanelColumns, n - column), alpha,
              packed);
  }
}

void RunRowBlock(const RowBlock& block) {
  const TileEpilogue epilogue = TilePart(block.epilogue);
  const size_t depth = static_cast<size_t>(block.taps) * static_cast<size_t>(block.depth);
  if (depth * static_cast<size_t>(block.columns) <= kCachedPanelFloats || block.rows <= kTileRows) {
    RunTiles(block, epilogue, 0, block.columns);
  } else {
    for (int column = 0; column < block.columns; column += kPanelColumns) {
      RunTiles(block, epilogue, column, std::min(kPanelColumns, block.columns - column));
    }
  }
  FinishRows(block.epilogue, block.c, block.c_stride, block.rows, block.columns);
}

Blocking ChooseBlocking(int m, int n, int64_t k, int threads, int most_rows) {
  const auto divide = [](int a, int b) { return (a + b - 1) / b; };
  const auto round_up = [&](int a, int b) { return divide(a, b) * b; };
  most_rows = static_cast<int>(std::clamp<int64_t>(kBlockFloats / std::max<int64_t>(k, 1), 4 * kTileRows, most_rows));
  most_rows = most_rows / kTileRows * kTileRows;
  Blocking blocking{std::min(most_rows, round_up(divide(m, divide(m, most_rows)), kTileRows)), n, 1, 1};
  const int64_t wanted = threads > 1 ? std::min<int64_t>(3 * threads, int64_t{m} * n * k / kTaskWork) : 1;
  if (wanted > 1 && divide(m, blocking.rows) < wanted) {
    const int rows = round_up(divide(m, static_cast<int>(wanted)), kTileRows);
    blocking.rows = std::min(blocking.rows, std::max(rows, std::min(2 * kTileRows, m)));
    const int per_row_block = divide(static_cast<int>(wanted), divide(m, blocking.rows));
    blocking.columns = std::min(n, std::max(round_up(divide(n, per_row_block), kPanelColumns), 5 * kPanelColumns));
  }
  blocking.row_blocks = divide(m, blocking.rows);
  blocking.column_blocks = divide(n, blocking.columns);
  return blocking;
}

void RunGemm(const Gemm& gemm) {
  if (gemm.m == 0 || gemm.n == 0) return;
  const int rows = GemmBlocking(gemm, 1).rows;
  for (int row = 0; row < gemm.m; row += rows)
    RunGemmBlock(gemm, row, std::min(rows, gemm.m - row), 0, gemm.n, DepthBlocks(gemm, rows));
}

void RunGemm(const Gemm& gemm, ThreadPool& pool) {
  if (gemm.m == 0 || gemm.n == 0) return;
  const Blocking blocking = GemmBlocking(gemm, pool.size());
  const int depth_blocks = DepthBlocks(gemm, blocking.rows);
  pool.ParallelFor(blocking.tasks(), [&](int task, int) {
    const int row = task / blocking.column_blocks * blocking.rows, column = task % blocking.column_blocks * blocking.columns;
    RunGemmBlock(gemm, row, std::min(blocking.rows, gemm.m - row), column, std::min(blocking.columns, gemm.n - column),
                 depth_blocks);
  });
}

}  // namespace webinfer::kernels
