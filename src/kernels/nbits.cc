#include "kernels/nbits.h"

#include <algorithm>
#include <cstring>

#include "kernels/nbits_layout.h"
#include "kernels/simd.h"

namespace webinfer::kernels {
namespace {

constexpr int kPanelsPerTask = 8;

// Sixteen floats as four vectors of their bytes: looking up a byte in each and joining them looks up a float.
struct FloatTable {
  Vec bytes[4];
  explicit FloatTable(const float* table) {
    alignas(16) uint8_t planes[4][16] = {};
    for (int i = 0; table != nullptr && i < 16; ++i) {
      uint8_t value[4];
      std::memcpy(value, table + i, 4);
      for (int b = 0; b < 4; ++b) planes[b][i] = value[b];
    }
    for (int b = 0; b < 4; ++b) bytes[b] = Opaque(Load(planes[b]));
  }
  // out[r]: lane j is the value of the code in byte 4 j + r.
  WEBINFER_INLINE void Find(Vec codes, Vec* out) const {
    // Rows apart: byte 4 j + r goes to 4 r + j.
    const Vec rows = wasm_i8x16_shuffle(codes, codes, 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    Vec found[4];
    for (int b = 0; b < 4; ++b) found[b] = wasm_i8x16_swizzle(bytes[b], rows);
    for (int half = 0; half < 2; ++half) {
      const auto join8 = [&](Vec x, Vec y) {
        return half == 0 ? wasm_i8x16_shuffle(x, y, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
                         : wasm_i8x16_shuffle(x, y, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
      };
      const Vec low = join8(found[0], found[1]), high = join8(found[2], found[3]);
      out[2 * half] = wasm_i16x8_shuffle(low, high, 0, 8, 1, 9, 2, 10, 3, 11);
      out[2 * half + 1] = wasm_i16x8_shuffle(low, high, 4, 12, 5, 13, 6, 14, 7, 15);
    }
  }
};

// A panel as floats, [k][8].
template <int kBits>
void ExpandPanel(const NBitsGemm& g, int panel, float* to) {
  const Vec mask = Opaque(SplatInt((1 << kBits) - 1)), low_halves = Opaque(SplatInt(0x0f0f0f0f));
  const FloatTable table(g.table);
  const float shift = CodeShift(g);
  const Vec flip = Opaque(SplatInt(shift != 0 ? static_cast<int32_t>(0x80808080u) : 0)), shifts = Opaque(shift);
  const uint8_t* codes = PanelAt(g, panel);
  for (int block = 0; block < g.blocks(); ++block) {
    const auto* scales = reinterpret_cast<const float*>(codes + BlockCodeBytes(g));
    const Vec scale[2] = {Load(scales), Load(scales + 4)};
    Vec zero[2] = {Splat(DefaultZero(g)), Splat(DefaultZero(g))};
    if (g.zeros) {
      for (int half = 0; half < 2; ++half) zero[half] = Add(Load(scales + kPanelColumns + 4 * half), shifts);
    }
    const auto store = [&](float* row, Vec code, int half) {
      Store(row + 4 * half, Mul(Sub(wasm_f32x4_convert_i32x4(code), zero[half]), scale[half]));
    };
    for (int step = 0; step < g.block; step += StepRows(kBits), to += StepRows(kBits) * kPanelColumns) {
      Vec bytes = Load(codes);
      if (kBits == 4 && g.table != nullptr) {
        Vec values[2][4];
        table.Find(wasm_v128_and(bytes, low_halves), values[0]);
        table.Find(wasm_v128_and(wasm_u32x4_shr(bytes, 4), low_halves), values[1]);
        for (int i = 0; i < 8; ++i) Store(to + 4 * i, Mul(values[i % 2][i / 2], scale[i % 2]));
      } else if (kBits == 4) {
        for (int i = 0; i < 8; ++i, bytes = wasm_u32x4_shr(bytes, 4))
          store(to + i / 2 * kPanelColumns, wasm_v128_and(bytes, mask), i % 2);
      } else if (kBits == 2) {
        for (int i = 0; i < 16; ++i, bytes = wasm_u32x4_shr(bytes, 2))
          store(to + (i / 4 + i % 4 / 2 * 4) * kPanelColumns, wasm_v128_and(bytes, mask), i % 2);
      } else {
        for (int half = 0; half < 2; ++half) {
          bytes = wasm_v128_xor(Load(codes + 16 * half), flip);
          for (int i = 0; i < 4; ++i, bytes = wasm_u32x4_shr(bytes, 8))
            store(to + i * kPanelColumns, wasm_v128_and(bytes, mask), half);
        }
      }
      codes += StepBytes(kBits);
    }
    codes += BlockBytes(g) - BlockCodeBytes(g);
  }
}

template <int kBits>
void RunExpanded(const NBitsGemm& g, int panel, float* expanded) {
  ExpandPanel<kBits>(g, panel, expanded);
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

template <int kBits>
void RunExpandedPanels(const NBitsGemm& g, float* scratch, ThreadPool& pool) {
  const int panels = PanelCount(g);
  pool.ParallelFor((panels + kPanelsPerTask - 1) / kPanelsPerTask, [&](int task, int thread) {
    float* const expanded = scratch + static_cast<size_t>(thread) * PaddedDepth(g) * kPanelColumns;
    const int end = std::min(panels, (task + 1) * kPanelsPerTask);
    for (int panel = task * kPanelsPerTask; panel < end; ++panel) RunExpanded<kBits>(g, panel, expanded);
  });
}

}  // namespace

size_t NBitsScratchBytes(const NBitsGemm& g, int threads) {
  if (DotNBitsPays(g)) return DotNBitsScratchBytes(g, threads);
  return static_cast<size_t>(threads) * PaddedDepth(g) * kPanelColumns * sizeof(float);
}

void RunNBits(const NBitsGemm& g, void* scratch, ThreadPool& pool) {
  if (g.m == 0) return;
  if (DotNBitsPays(g)) return RunDotNBits(g, scratch, pool);
  auto* const floats = static_cast<float*>(scratch);
  switch (PackedBits(g)) {
    case 2: return RunExpandedPanels<2>(g, floats, pool);
    case 4: return RunExpandedPanels<4>(g, floats, pool);
    default: return RunExpandedPanels<8>(g, floats, pool);
  }
}

}  // namespace webinfer::kernels
