#include "kernels/nbits.h"

#include <algorithm>
#include <cstring>

#include "kernels/nbits_layout.h"
#include "kernels/simd.h"

namespace webinfer::kernels {
namespace {

constexpr int kFewRows = 3;  // up to here weights are expanded in registers, row by row
constexpr int kPanelsPerTask = 8;

// The row as the register path reads it: per step, the element that meets field t of a 32-bit lane, times what makes the field
// a code; fields go byte by byte from the low bits on. Then the sum of each block.
struct ScaledRow {
  float *elements, *sums;
};
int FieldsPerStep(int bits) { return bits == 2 ? 16 : bits == 4 ? 8 : 4; }
size_t ScaledFloats(const NBitsGemm& g) {
  const int bits = PackedBits(g);
  return PaddedDepth(g) / static_cast<size_t>(StepRows(bits)) * static_cast<size_t>(FieldsPerStep(bits));
}
size_t ScaledRowFloats(const NBitsGemm& g) { return (ScaledFloats(g) + static_cast<size_t>(g.blocks()) + 15) / 16 * 16; }

// The fields of a lane are masked where they stand, so they are codes times 2^shift. The highest field of 4 and 8 bits is shifted
// instead: it would be taken for a sign.
template <int kBits>
void ScaleRow(const NBitsGemm& g, const float* x, const ScaledRow& row) {
  constexpr int kFields = kBits == 2 ? 16 : kBits == 4 ? 8 : 4;
  float* to = row.elements;
  for (int block = 0, k = 0; block < g.blocks(); ++block) {
    float sum = 0;
    for (int step = 0; step < g.block; step += StepRows(kBits), k += StepRows(kBits)) {
      float values[8];
      for (int i = 0; i < StepRows(kBits); ++i) {
        values[i] = k + i < g.k ? x[k + i] : 0;
        sum += values[i];
      }
      for (int t = 0; t < kFields; ++t) {
        const int i = kBits == 2 ? t / 4 + (t % 4 / 2) * 4 : kBits == 4 ? t / 2 : t;
        const int shift = kBits == 2 ? 2 * (t % 4) : t == kFields - 1 ? 0 : kBits * t;
        *to++ = values[i] / static_cast<float>(int64_t{1} << shift);
      }
    }
    row.sums[block] = sum;
  }
}

template <int kBits>
struct FieldMasks {
  static constexpr int kCount = kBits == 2 ? 4 : kBits == 4 ? 7 : 3;
  Vec places[kCount];
  FieldMasks() {
    for (int i = 0; i < kCount; ++i) places[i] = Opaque(SplatInt(((1 << kBits) - 1) << (kBits * i)));
  }
};

// Field t of each lane as a number, times what ScaleRow divides by. 2 bits: of the lowest byte.
template <int kBits>
WEBINFER_INLINE Vec Field(Vec codes, int t, const FieldMasks<kBits>& masks) {
  if (kBits == 8 && t == 3) return wasm_f32x4_convert_i32x4(wasm_u32x4_shr(codes, 24));
  if (kBits == 4 && t == 7) return wasm_f32x4_convert_i32x4(wasm_u32x4_shr(codes, 28));
  return wasm_f32x4_convert_i32x4(wasm_v128_and(codes, masks.places[t]));
}

// One step of one panel: its codes times the row's elements, added to the sums of the low and the high four columns, which are
// two each to hide the latency.
template <int kBits>
WEBINFER_INLINE void AddStep(const uint8_t* codes, const float* elements, const FieldMasks<kBits>& masks, Vec flip, Vec* sum) {
  if constexpr (kBits == 4) {
    const Vec bytes = Load(codes);
    WEBINFER_UNROLL
    for (int t = 0; t < 8; ++t) sum[t % 4] = Madd(Field<4>(bytes, t, masks), LoadSplat(elements + t), sum[t % 4]);
  } else if constexpr (kBits == 2) {
    Vec bytes = Load(codes);
    WEBINFER_UNROLL
    for (int i = 0; i < 4; ++i) {
      WEBINFER_UNROLL
      for (int s = 0; s < 4; ++s) sum[s] = Madd(Field<2>(bytes, s, masks), LoadSplat(elements + 4 * i + s), sum[s]);
      bytes = wasm_u32x4_shr(bytes, 8);
    }
  } else {
    WEBINFER_UNROLL
    for (int half = 0; half < 2; ++half) {
      const Vec bytes = wasm_v128_xor(Load(codes + 16 * half), flip);
      WEBINFER_UNROLL
      for (int t = 0; t < 4; ++t) {
        const int to = half + t % 2 * 2;
        sum[to] = Madd(Field<8>(bytes, t, masks), LoadSplat(elements + t), sum[to]);
      }
    }
  }
}

// One row times kPanels panels.
template <int kBits, int kPanels>
WEBINFER_NOINLINE void RunRow(const NBitsGemm& g, const ScaledRow& row, int panel, float* y) {
  const FieldMasks<kBits> masks;
  const size_t panel_bytes = PanelBytes(g), factor_bytes = BlockBytes(g) - BlockCodeBytes(g);
  const float shift = CodeShift(g);
  const Vec flip = Opaque(SplatInt(shift != 0 ? static_cast<int32_t>(0x80808080u) : 0)), shifts = Opaque(shift);
  const Vec zero = Opaque(DefaultZero(g));
  const uint8_t* codes = PanelAt(g, panel);
  const float* elements = row.elements;
  Vec total[kPanels][2];
  for (int p = 0; p < kPanels; ++p) total[p][0] = total[p][1] = Zero();
  WEBINFER_NO_UNROLL
  for (int block = 0; block < g.blocks(); ++block) {
    Vec sum[kPanels][4];
    WEBINFER_UNROLL
    for (int p = 0; p < kPanels; ++p) sum[p][0] = sum[p][1] = sum[p][2] = sum[p][3] = Zero();
    WEBINFER_NO_UNROLL
    for (int step = g.block / StepRows(kBits); step > 0; --step) {
      WEBINFER_UNROLL
      for (int p = 0; p < kPanels; ++p)
        AddStep<kBits>(codes + static_cast<size_t>(p) * panel_bytes, elements, masks, flip, sum[p]);
      codes += StepBytes(kBits);
      elements += kBits == 2 ? 16 : kBits == 4 ? 8 : 4;
    }
    const Vec block_sum = LoadSplat(row.sums + block);
    WEBINFER_UNROLL
    for (int p = 0; p < kPanels; ++p) {
      const auto* scales = reinterpret_cast<const float*>(codes + static_cast<size_t>(p) * panel_bytes);
      WEBINFER_UNROLL
      for (int half = 0; half < 2; ++half) {
        const Vec zeros = g.zeros ? Add(Load(scales + kPanelColumns + 4 * half), shifts) : zero;
        const Vec products = Nmadd(zeros, block_sum, Add(sum[p][half], sum[p][half + 2]));
        total[p][half] = Madd(products, Load(scales + 4 * half), total[p][half]);
      }
    }
    codes += factor_bytes;
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

bool Expands(const NBitsGemm& g) { return g.m > kFewRows || g.table != nullptr; }

template <int kBits>
void RunExact(const NBitsGemm& g, float* scratch, ThreadPool& pool) {
  const int panels = PanelCount(g);
  const auto scaled = [&](int row) {
    float* const elements = scratch + static_cast<size_t>(row) * ScaledRowFloats(g);
    return ScaledRow{elements, elements + ScaledFloats(g)};
  };
  const bool expands = Expands(g);
  if (!expands) {
    for (int row = 0; row < g.m; ++row)
      ScaleRow<kBits>(g, g.x + static_cast<size_t>(row) * static_cast<size_t>(g.k), scaled(row));
  }
  pool.ParallelFor((panels + kPanelsPerTask - 1) / kPanelsPerTask, [&](int task, int thread) {
    const int end = std::min(panels, (task + 1) * kPanelsPerTask);
    if (expands) {
      float* const expanded = scratch + static_cast<size_t>(thread) * PaddedDepth(g) * kPanelColumns;
      for (int panel = task * kPanelsPerTask; panel < end; ++panel) RunExpanded<kBits>(g, panel, expanded);
      return;
    }
    for (int row = 0; row < g.m; ++row) {
      float* const y = g.y + static_cast<size_t>(row) * static_cast<size_t>(g.n);
      int panel = task * kPanelsPerTask;
      for (; panel + 2 <= end; panel += 2) RunRow<kBits, 2>(g, scaled(row), panel, y);
      if (panel < end) RunRow<kBits, 1>(g, scaled(row), panel, y);
    }
  });
}

}  // namespace

size_t NBitsScratchBytes(const NBitsGemm& g, int threads) {
  if (g.int8) return Int8NBitsScratchBytes(g, threads);
  if (!Expands(g)) return static_cast<size_t>(g.m) * ScaledRowFloats(g) * sizeof(float);
  return static_cast<size_t>(threads) * PaddedDepth(g) * kPanelColumns * sizeof(float);
}

void RunNBits(const NBitsGemm& g, void* scratch, ThreadPool& pool) {
  if (g.m == 0) return;
  if (g.int8) return RunInt8NBits(g, scratch, pool);
  auto* const floats = static_cast<float*>(scratch);
  switch (PackedBits(g)) {
    case 2: return RunExact<2>(g, floats, pool);
    case 4: return RunExact<4>(g, floats, pool);
    default: return RunExact<8>(g, floats, pool);
  }
}

}  // namespace webinfer::kernels
