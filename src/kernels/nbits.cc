#include "kernels/nbits.h"

#include <algorithm>

#include "kernels/gemm.h"
#include "kernels/simd.h"

namespace webinfer::kernels {
namespace {

// Packed: per panel of 8 columns and quad of 4 rows 16 bytes, byte 4 j + i holding row i of column j (low half) and of column
// j + 4 (high half). Then per panel and block 8 scales and 8 zeros, as floats.

constexpr int kFewRows = 3;  // up to here weights are expanded in registers, row by row
constexpr int kPanelsPerTask = 8;

int PanelCount(const NBitsGemm& g) { return (g.n + kPanelColumns - 1) / kPanelColumns; }
size_t Quads(const NBitsGemm& g) { return static_cast<size_t>(g.blocks()) * static_cast<size_t>(g.block / 4); }
size_t PaddedDepth(const NBitsGemm& g) { return 4 * Quads(g); }
size_t FactorFloats(const NBitsGemm& g) { return static_cast<size_t>(g.blocks()) * 2 * kPanelColumns; }  // of a panel

const uint8_t* NibblesOf(const NBitsGemm& g, int panel) {
  return static_cast<const uint8_t*>(g.packed) + static_cast<size_t>(panel) * Quads(g) * 16;
}
const float* FactorsOf(const NBitsGemm& g, int panel) {
  return reinterpret_cast<const float*>(NibblesOf(g, PanelCount(g))) + static_cast<size_t>(panel) * FactorFloats(g);
}

int NibbleAt(const uint8_t* bytes, size_t index) { return index % 2 == 0 ? bytes[index / 2] & 15 : bytes[index / 2] >> 4; }

// The row as the register path reads it: element t of a quad times 16^-p, p the place (0..7) of its nibble in a 32-bit lane, for
// the low and the high half. Then the sum of each block.
struct ScaledRow {
  float *elements, *sums;
};
size_t ScaledRowFloats(const NBitsGemm& g) { return (2 * PaddedDepth(g) + static_cast<size_t>(g.blocks()) + 15) / 16 * 16; }

void ScaleRow(const NBitsGemm& g, const float* x, const ScaledRow& row) {
  static constexpr float kPlaces[8] = {1, 0x1p-4f, 0x1p-8f, 0x1p-12f, 0x1p-16f, 0x1p-20f, 0x1p-24f, 1};
  for (int block = 0, k = 0; block < g.blocks(); ++block) {
    float sum = 0;
    for (int i = 0; i < g.block; ++i, ++k) {
      const float value = k < g.k ? x[k] : 0;
      sum += value;
      row.elements[2 * k] = value * kPlaces[2 * (k % 4)];
      row.elements[2 * k + 1] = value * kPlaces[2 * (k % 4) + 1];
    }
    row.sums[block] = sum;
  }
}

struct NibbleMasks {
  Vec places[7];
  NibbleMasks() {
    for (int i = 0; i < 7; ++i) places[i] = Opaque(SplatInt(15 << (4 * i)));
  }
};

// One row times kPanels panels.
template <int kPanels>
WEBINFER_NOINLINE void RunRow(const NBitsGemm& g, const ScaledRow& row, int panel, float* y) {
  const NibbleMasks masks;
  const size_t panel_bytes = Quads(g) * 16, panel_factors = FactorFloats(g);
  const uint8_t* nibbles = NibblesOf(g, panel);
  const float *factors = FactorsOf(g, panel), *elements = row.elements;
  Vec total[kPanels][2] = {};
  for (int p = 0; p < kPanels; ++p) total[p][0] = total[p][1] = Zero();
  WEBINFER_NO_UNROLL
  for (int block = 0; block < g.blocks(); ++block, factors += 2 * kPanelColumns) {
    Vec sum[kPanels][4];
    WEBINFER_UNROLL
    for (int p = 0; p < kPanels; ++p) sum[p][0] = sum[p][1] = sum[p][2] = sum[p][3] = Zero();
    WEBINFER_NO_UNROLL
    for (int quad = g.block / 4; quad > 0; --quad, nibbles += 16, elements += 8) {
      Vec bytes[kPanels];
      WEBINFER_UNROLL
      for (int p = 0; p < kPanels; ++p) bytes[p] = Load(nibbles + static_cast<size_t>(p) * panel_bytes);
      WEBINFER_UNROLL
      for (int t = 0; t < 8; ++t) {
        const Vec x = LoadSplat(elements + t);
        WEBINFER_UNROLL
        for (int p = 0; p < kPanels; ++p) {
          const Vec nibble = t == 7 ? wasm_u32x4_shr(bytes[p], 28) : wasm_v128_and(bytes[p], masks.places[t % 7]);
          sum[p][t % 4] = Madd(wasm_f32x4_convert_i32x4(nibble), x, sum[p][t % 4]);
        }
      }
    }
    const Vec block_sum = LoadSplat(row.sums + block);
    WEBINFER_UNROLL
    for (int p = 0; p < kPanels; ++p) {
      const float* scales = factors + static_cast<size_t>(p) * panel_factors;
      WEBINFER_UNROLL
      for (int half = 0; half < 2; ++half) {
        const Vec products = Nmadd(Load(scales + kPanelColumns + 4 * half), block_sum, Add(sum[p][half], sum[p][half + 2]));
        total[p][half] = Madd(products, Load(scales + 4 * half), total[p][half]);
      }
    }
  }
  for (int p = 0; p < kPanels; ++p) {
    const int column = (panel + p) * kPanelColumns, count = g.n - column;
    for (int half = 0; half < 2 && count > 4 * half; ++half) {
      Vec value = total[p][half];
      if (g.bias != nullptr) value = Add(value, Load(g.bias + column + 4 * half));
      StorePartial(y + column + 4 * half, value, count - 4 * half);
    }
  }
}

// A panel as floats, [k][8].
void ExpandPanel(const NBitsGemm& g, int panel, float* to) {
  const Vec mask = Opaque(SplatInt(15));
  const uint8_t* nibbles = NibblesOf(g, panel);
  const float* factors = FactorsOf(g, panel);
  for (int block = 0; block < g.blocks(); ++block, factors += 2 * kPanelColumns) {
    const Vec scale[2] = {Load(factors), Load(factors + 4)}, zero[2] = {Load(factors + 8), Load(factors + 12)};
    for (int quad = 0; quad < g.block / 4; ++quad, nibbles += 16) {
      Vec bytes = Load(nibbles);
      for (int i = 0; i < 4; ++i, to += kPanelColumns) {
        for (int half = 0; half < 2; ++half) {
          Store(to + 4 * half, Mul(Sub(wasm_f32x4_convert_i32x4(wasm_v128_and(bytes, mask)), zero[half]), scale[half]));
          bytes = wasm_u32x4_shr(bytes, 4);
        }
      }
    }
  }
}

void RunExpanded(const NBitsGemm& g, int panel, float* expanded) {
  ExpandPanel(g, panel, expanded);
  const int column = panel * kPanelColumns;
  Gemm gemm{g.x,
            static_cast<size_t>(g.k),
            Packed(expanded, g.k),
            g.y + column,
            static_cast<size_t>(g.n),
            g.m,
            std::min(kPanelColumns, g.n - column),
            g.k,
            {}};
  if (g.bias != nullptr) gemm.epilogue.bias = g.bias + column;
  RunGemm(gemm);
}

}  // namespace

size_t PackedNBitsBytes(const NBitsGemm& g) {
  return static_cast<size_t>(PanelCount(g)) * (Quads(g) * 16 + FactorFloats(g) * sizeof(float));
}

void PackNBits(const NBitsGemm& g, const NBitsWeights& w, void* packed) {
  const auto blocks = static_cast<size_t>(g.blocks());
  auto* to = static_cast<uint8_t*>(packed);
  const auto nibble = [&](int column, size_t row) {
    return column < g.n ? NibbleAt(w.nibbles + static_cast<size_t>(column) * PaddedDepth(g) / 2, row) : 0;
  };
  for (int first = 0; first < g.n; first += kPanelColumns) {
    for (size_t row = 0; row < PaddedDepth(g); row += 4) {
      for (int j = 0; j < 4; ++j) {
        for (size_t i = 0; i < 4; ++i)
          *to++ = static_cast<uint8_t>(nibble(first + j, row + i) | nibble(first + j + 4, row + i) << 4);
      }
    }
  }
  auto* factors = reinterpret_cast<float*>(to);
  for (int first = 0; first < g.n; first += kPanelColumns) {
    for (size_t block = 0; block < blocks; ++block, factors += 2 * kPanelColumns) {
      for (int j = 0; j < kPanelColumns; ++j) {
        const auto column = static_cast<size_t>(first + j);
        const bool inside = first + j < g.n;
        factors[j] = inside ? w.scales[column * blocks + block] : 0;
        factors[kPanelColumns + j] = !inside                    ? 0
                                     : w.float_zeros != nullptr ? w.float_zeros[column * blocks + block]
                                     : w.zeros != nullptr
                                         ? static_cast<float>(NibbleAt(w.zeros + column * ((blocks + 1) / 2), block))
                                         : 8;
      }
    }
  }
}

size_t NBitsScratchFloats(const NBitsGemm& g, int threads) {
  if (g.m <= kFewRows) return static_cast<size_t>(g.m) * ScaledRowFloats(g);
  return static_cast<size_t>(threads) * PaddedDepth(g) * kPanelColumns;
}

void RunNBits(const NBitsGemm& g, float* scratch, ThreadPool& pool) {
  const int panels = PanelCount(g);
  const auto scaled = [&](int row) {
    float* const elements = scratch + static_cast<size_t>(row) * ScaledRowFloats(g);
    return ScaledRow{elements, elements + 2 * PaddedDepth(g)};
  };
  if (g.m <= kFewRows) {
    for (int row = 0; row < g.m; ++row) ScaleRow(g, g.x + static_cast<size_t>(row) * static_cast<size_t>(g.k), scaled(row));
  }
  pool.ParallelFor((panels + kPanelsPerTask - 1) / kPanelsPerTask, [&](int task, int thread) {
    const int end = std::min(panels, (task + 1) * kPanelsPerTask);
    if (g.m > kFewRows) {
      float* const expanded = scratch + static_cast<size_t>(thread) * PaddedDepth(g) * kPanelColumns;
      for (int panel = task * kPanelsPerTask; panel < end; ++panel) RunExpanded(g, panel, expanded);
      return;
    }
    for (int row = 0; row < g.m; ++row) {
      float* const y = g.y + static_cast<size_t>(row) * static_cast<size_t>(g.n);
      int panel = task * kPanelsPerTask;
      for (; panel + 2 <= end; panel += 2) RunRow<2>(g, scaled(row), panel, y);
      if (panel < end) RunRow<1>(g, scaled(row), panel, y);
    }
  });
}

}  // namespace webinfer::kernels
