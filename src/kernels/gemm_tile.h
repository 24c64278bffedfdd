// The micro-kernel under every float contraction: a tile of a few rows times panels of 8 columns, K in one pass.
//
// A row is a list of `taps` pointers to `depth` floats each: one tap for a matrix, kernel height x width for a convolution
// whose pixels lie apart. B lies in panels of 8 columns: k-th row of a panel at `step * k` (8 when packed), panels `stride`
// apart. The relaxed build keeps 6 x 8 sums in registers, the plain one 4 x 8: what V8's 15 free registers hold.
#pragma once

#include "kernels/gemm.h"
#include "kernels/simd.h"

namespace webinfer::kernels {

inline constexpr int kTileRows = WEBINFER_RELAXED ? 6 : 4;
inline constexpr int kMaxTileRows = WEBINFER_RELAXED ? 6 : 5;  // a tail may be one higher than the plain tile

// Rows of the next tile when `remaining` are left. Tails are split evenly: a tile of one row would read all of B for itself.
inline int NextTileRows(int remaining) {
  if (remaining >= 2 * kTileRows) return kTileRows;
  return remaining <= kMaxTileRows ? remaining : (remaining + 1) / 2;
}

// What a tile does to its sums; activations that are no clamp follow when a block of rows is done.
struct TileEpilogue {
  const float* bias = nullptr;      // of the first column
  const float* residual = nullptr;  // of the first row and column
  size_t residual_stride = 0;
  bool residual_last = false;  // after the clamp
  bool clamp = false;
  float low = 0, high = 0;
};

struct Tile {
  const float* const* rows;  // [taps][kRows]
  int taps, depth;
  const float* b;
  size_t b_step, b_stride;
  float* c;
  size_t c_stride;
  int columns;  // the last panel may be partial
  TileEpilogue epilogue;
};

// Finishes and stores one row of one panel.
WEBINFER_INLINE void StoreTileRow(const Tile& t, Vec low, Vec high, size_t row, int column, int count, Vec clamp_low,
                                  Vec clamp_high) {
  const TileEpilogue& e = t.epilogue;
  float* c = t.c + row * t.c_stride + column;
  Vec add_low = Zero(), add_high = Zero();
  if (e.residual != nullptr) {
    const float* residual = e.residual + row * e.residual_stride + column;
    add_low = Load(residual);
    add_high = Load(residual + 4);
    if (!e.residual_last) {
      low = Add(low, add_low);
      high = Add(high, add_high);
    }
  }
  if (e.clamp) {
    low = FastMin(FastMax(low, clamp_low), clamp_high);
    high = FastMin(FastMax(high, clamp_low), clamp_high);
  }
  if (e.residual != nullptr && e.residual_last) {
    low = Add(low, add_low);
    high = Add(high, add_high);
  }
  if (count >= kPanelColumns) {
    Store(c, low);
    Store(c + 4, high);
  } else {
    StorePartial(c, low, count);
    if (count > 4) StorePartial(c + 4, high, count - 4);
  }
}

// kRows rows, kPanels panels at once: several panels give few rows the 8 to 12 independent sums that hide the latency of a
// fused multiply-add. They lie `distance` panels apart: far apart, each is a stream of its own that memory can foresee, where
// neighbours end before it has. `column` is where to start; returns where the panels left over begin.
template <int kRows, int kPanels>
WEBINFER_INLINE int RunTilePanels(const Tile& t, int column, int distance = 1) {
  const int apart = distance * kPanelColumns, panels_a_step = distance == 1 ? kPanels : 1;
  const Vec clamp_low = Opaque(t.epilogue.low), clamp_high = Opaque(t.epilogue.high);
  const int last = kPanels == 1 ? t.columns : distance == 1 ? t.columns - kPanels * kPanelColumns + 1 : column + apart;
  const float* panel = t.b + static_cast<size_t>(column / kPanelColumns) * t.b_stride;
  const size_t b_step = t.b_step, b_stride = static_cast<size_t>(distance) * t.b_stride;
  WEBINFER_NO_UNROLL
  for (; column < last; column += panels_a_step * kPanelColumns, panel += static_cast<size_t>(panels_a_step) * t.b_stride) {
    Vec sum[kRows][2 * kPanels];
    WEBINFER_UNROLL
    for (int v = 0; v < 2 * kPanels; ++v) {
      const Vec start = t.epilogue.bias != nullptr ? Load(t.epilogue.bias + column + v / 2 * apart + 4 * (v % 2)) : Zero();
      WEBINFER_UNROLL
      for (int r = 0; r < kRows; ++r) sum[r][v] = start;
    }
    const float* b = panel;
    const float* const* rows = t.rows;
    WEBINFER_NO_UNROLL
    for (int tap = t.taps; tap > 0; --tap, rows += kRows) {
      const float* a[kRows];
      WEBINFER_UNROLL
      for (int r = 0; r < kRows; ++r) a[r] = rows[r];
      WEBINFER_NO_UNROLL
      for (int k = t.depth; k > 0; --k) {
        if constexpr (kPanels == 1) {
          const Vec b0 = Load(b), b1 = Load(b + 4);
          b += b_step;
          WEBINFER_UNROLL
          for (int r = 0; r < kRows; ++r) {
            const Vec x = LoadSplat(a[r]);
            ++a[r];
            sum[r][0] = Madd(x, b0, sum[r][0]);
            sum[r][1] = Madd(x, b1, sum[r][1]);
          }
        } else {
          Vec x[kRows];
          WEBINFER_UNROLL
          for (int r = 0; r < kRows; ++r) x[r] = LoadSplat(a[r]++);
          WEBINFER_UNROLL
          for (int v = 0; v < 2 * kPanels; ++v) {
            const Vec bv = Load(b + static_cast<size_t>(v / 2) * b_stride + 4 * (v % 2));
            WEBINFER_UNROLL
            for (int r = 0; r < kRows; ++r) sum[r][v] = Madd(x[r], bv, sum[r][v]);
          }
          b += b_step;
        }
      }
    }
    WEBINFER_UNROLL
    for (int r = 0; r < kRows; ++r) {
      WEBINFER_UNROLL
      for (int p = 0; p < kPanels; ++p) {
        StoreTileRow(t, sum[r][2 * p], sum[r][2 * p + 1], static_cast<size_t>(r), column + p * apart,
                     t.columns - column - p * apart, clamp_low, clamp_high);
      }
    }
  }
  return distance == 1 ? column : column + (kPanels - 1) * apart;
}

}  // namespace webinfer::kernels
