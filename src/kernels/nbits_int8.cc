// kernels/nbits.h with rows rounded to 8 bits: integer sums within a block, float ones over blocks.
//
// 2- and 4-bit codes fit the operand of the relaxed dot that every machine reads alike; 8-bit ones need the probe's answer. Where
// there is no such dot, codes and rows are widened to 16 bits.
#include <algorithm>
#include <cmath>

#include "kernels/int8_dot.h"
#include "kernels/nbits_layout.h"

namespace webinfer::kernels {
namespace {

constexpr int kPanelsPerTask = 8;
constexpr int kMostTileRows = 6;

bool IsWide(const NBitsGemm& g) { return !kHasRelaxedDot || (PackedBits(g) == 8 && ProbeInt8Dot() == Int8Dot::kWiden); }

// Few rows read the packed codes, more rows a panel of them as bytes. Widened codes have no tile.
int MostFewRows(const NBitsGemm& g) { return IsWide(g) ? g.m : 2; }

// A rounded row: its integers (four at a time, as bytes or 16 bits), and per block the scale, and the sum times -1 and times the
// scale.
struct RoundedRow {
  uint8_t* elements;
  float* scales;
  float* scaled_sums;
  int32_t* sums;
};
size_t Align(size_t bytes) { return (bytes + 63) / 64 * 64; }
size_t ElementBytes(const NBitsGemm& g) { return PaddedDepth(g) * (IsWide(g) ? 2 : 1); }
size_t RowBytes(const NBitsGemm& g) {
  return Align(ElementBytes(g)) + Align(3 * sizeof(float) * static_cast<size_t>(g.blocks()));
}
RoundedRow RowAt(const NBitsGemm& g, void* scratch, int row) {
  auto* const elements = static_cast<uint8_t*>(scratch) + static_cast<size_t>(row) * RowBytes(g);
  auto* const scales = reinterpret_cast<float*>(elements + Align(ElementBytes(g)));
  return {elements, scales, scales + g.blocks(), reinterpret_cast<int32_t*>(scales + 2 * g.blocks())};
}

void RoundRow(const NBitsGemm& g, const float* x, const RoundedRow& row) {
  const bool wide = IsWide(g);
  const auto* wide_elements = reinterpret_cast<int16_t*>(row.elements);
  const Vec magnitude = Opaque(SplatInt(0x7fffffff));
  for (int block = 0; block < g.blocks(); ++block) {
    const int first = block * g.block, count = std::min(g.block, g.k - first);
    Vec most = Zero();
    int i = 0;
    for (; i + 4 <= count; i += 4) most = FastMax(most, wasm_v128_and(Load(x + first + i), magnitude));
    float largest = HorizontalMax(most);
    for (; i < count; ++i) largest = std::max(largest, std::fabs(x[first + i]));
    const float inverse = largest > 0 ? 127 / largest : 0;
    const Vec factor = Opaque(inverse);
    int32_t sum = 0;
    for (i = 0; i < g.block; i += 4) {
      const Vec values = i < count ? LoadPartial(x + first + i, std::min(4, count - i)) : Zero();
      const Vec rounded = wasm_i32x4_trunc_sat_f32x4(wasm_f32x4_nearest(Mul(values, factor)));
      sum += HorizontalSumInt(rounded);
      const Vec shorts = wasm_i16x8_narrow_i32x4(rounded, rounded);
      if (wide) {
        wasm_v128_store64_lane(const_cast<int16_t*>(wide_elements) + first + i, shorts, 0);
      } else {
        wasm_v128_store32_lane(row.elements + first + i, wasm_i8x16_narrow_i16x8(shorts, shorts), 0);
      }
    }
    row.scales[block] = largest / 127;
    row.scaled_sums[block] = row.scales[block] * static_cast<float>(sum);
    row.sums[block] = -sum;
  }
}

// Four rows of codes times the row's elements; `codes` holds one code in each byte.
struct NarrowSums {
  static constexpr int kPanels = 4;
  Vec sum;
  WEBINFER_INLINE void Start(Vec start) { sum = start; }
  static WEBINFER_INLINE Vec Elements(const uint8_t* row) { return wasm_v128_load32_splat(row); }
  WEBINFER_INLINE void Add(Vec codes, Vec elements) { sum = RelaxedDot(elements, codes, sum); }
  WEBINFER_INLINE Vec Finish() const { return sum; }
};
struct WideSums {
  static constexpr int kPanels = 2;
  Vec start, low, high;  // pairs of lanes are one column
  WEBINFER_INLINE void Start(Vec value) {
    start = value;
    low = high = Zero();
  }
  static WEBINFER_INLINE Vec Elements(const uint8_t* row) { return wasm_v128_load64_splat(row); }
  WEBINFER_INLINE void Add(Vec codes, Vec elements) {
    low = wasm_i32x4_add(low, wasm_i32x4_dot_i16x8(wasm_i16x8_extend_low_i8x16(codes), elements));
    high = wasm_i32x4_add(high, wasm_i32x4_dot_i16x8(wasm_i16x8_extend_high_i8x16(codes), elements));
  }
  WEBINFER_INLINE Vec Finish() const {
    const Vec even = wasm_i32x4_shuffle(low, high, 0, 2, 4, 6), odd = wasm_i32x4_shuffle(low, high, 1, 3, 5, 7);
    return wasm_i32x4_add(start, wasm_i32x4_add(even, odd));
  }
};

// One step of one panel, for the low and the high four columns.
template <int kBits, typename Sums>
WEBINFER_INLINE void AddStep(const uint8_t* codes, Vec first, Vec second, Vec mask, Sums* sums) {
  if constexpr (kBits == 8) {
    sums[0].Add(Load(codes), first);
    sums[1].Add(Load(codes + 16), first);
  } else if constexpr (kBits == 4) {
    const Vec bytes = Load(codes);
    sums[0].Add(wasm_v128_and(bytes, mask), first);
    sums[1].Add(wasm_v128_and(wasm_u16x8_shr(bytes, 4), mask), first);
  } else {
    const Vec bytes = Load(codes);
    sums[0].Add(wasm_v128_and(bytes, mask), first);
    sums[1].Add(wasm_v128_and(wasm_u16x8_shr(bytes, 2), mask), first);
    sums[0].Add(wasm_v128_and(wasm_u16x8_shr(bytes, 4), mask), second);
    sums[1].Add(wasm_v128_and(wasm_u16x8_shr(bytes, 6), mask), second);
  }
}

// total += scale (row's scale sum - zero sum of the row)
WEBINFER_INLINE Vec AddBlock(const NBitsGemm& g, const float* factors, Vec sum, Vec scale, Vec scaled_sum, Vec total) {
  Vec product = Mul(wasm_f32x4_convert_i32x4(sum), scale);
  if (g.zeros) product = Nmadd(Load(factors + kPanelColumns), scaled_sum, product);
  return Madd(product, Load(factors), total);
}

// What a sum starts from: minus the zero that all columns share times the sum of the row.
int32_t SharedZero(const NBitsGemm& g) { return g.zeros ? 0 : static_cast<int32_t>(DefaultZero(g) - CodeShift(g)); }

WEBINFER_INLINE void StoreColumns(const NBitsGemm& g, int panel, const Vec* total, float* y) {
  const int column = panel * kPanelColumns, count = g.n - column;
  for (int half = 0; half < 2 && count > 4 * half; ++half) {
    Vec value = total[half];
    if (g.bias != nullptr) value = Add(value, Load(g.bias + column + 4 * half));
    StorePartial(y + column + 4 * half, value, count - 4 * half);
  }
}

// One row times kPanels panels.
template <int kBits, typename Sums, int kPanels>
WEBINFER_NOINLINE void RunRow(const NBitsGemm& g, const RoundedRow& row, int panel, float* y) {
  const size_t panel_bytes = PanelBytes(g), factor_bytes = BlockBytes(g) - BlockCodeBytes(g);
  const Vec mask = Opaque(wasm_i8x16_splat(kBits == 2 ? 3 : 15));
  const int32_t shared_zero = SharedZero(g);
  const size_t quad_bytes = sizeof(Sums) == sizeof(Vec) ? 4 : 8;
  const uint8_t *codes = PanelAt(g, panel), *elements = row.elements;
  Vec total[kPanels][2];
  WEBINFER_UNROLL
  for (int p = 0; p < kPanels; ++p) total[p][0] = total[p][1] = Zero();
  WEBINFER_NO_UNROLL
  for (int block = 0; block < g.blocks(); ++block) {
    Sums sums[kPanels][2];
    const Vec start = SplatInt(shared_zero * row.sums[block]);
    WEBINFER_UNROLL
    for (int p = 0; p < kPanels; ++p) {
      sums[p][0].Start(start);
      sums[p][1].Start(start);
    }
    WEBINFER_NO_UNROLL
    for (int step = g.block / StepRows(kBits); step > 0; --step) {
      const Vec first = Sums::Elements(elements);
      const Vec second = kBits == 2 ? Sums::Elements(elements + quad_bytes) : first;
      WEBINFER_UNROLL
      for (int p = 0; p < kPanels; ++p)
        AddStep<kBits>(codes + static_cast<size_t>(p) * panel_bytes, first, second, mask, sums[p]);
      codes += StepBytes(kBits);
      elements += quad_bytes * (kBits == 2 ? 2 : 1);
    }
    const Vec scale = LoadSplat(row.scales + block), scaled_sum = LoadSplat(row.scaled_sums + block);
    WEBINFER_UNROLL
    for (int p = 0; p < kPanels; ++p) {
      const auto* factors = reinterpret_cast<const float*>(codes + static_cast<size_t>(p) * panel_bytes);
      WEBINFER_UNROLL
      for (int half = 0; half < 2; ++half)
        total[p][half] = AddBlock(g, factors + 4 * half, sums[p][half].Finish(), scale, scaled_sum, total[p][half]);
    }
    codes += factor_bytes;
  }
  for (int p = 0; p < kPanels; ++p) StoreColumns(g, panel + p, total[p], y);
}

// A panel's codes one to a byte: 32 bytes for four rows, the low four columns before the high ones.
template <int kBits>
void UnpackPanel(const NBitsGemm& g, int panel, uint8_t* to) {
  const Vec mask = Opaque(wasm_i8x16_splat(kBits == 2 ? 3 : 15));
  const uint8_t* codes = PanelAt(g, panel);
  for (int block = 0; block < g.blocks(); ++block) {
    for (int step = 0; step < g.block; step += StepRows(kBits), codes += StepBytes(kBits)) {
      Vec bytes = Load(codes);
      constexpr int kFields = kBits == 8 ? 2 : 8 / kBits;
      for (int i = 0; i < kFields; ++i, to += 16) {
        if (kBits == 8) {
          Store(to, Load(codes + 16 * i));
        } else {
          Store(to, wasm_v128_and(bytes, mask));
          bytes = wasm_u16x8_shr(bytes, kBits);
        }
      }
    }
    codes += BlockBytes(g) - BlockCodeBytes(g);
  }
}

// kRows rows over one panel whose codes are bytes.
template <int kRows>
WEBINFER_NOINLINE void RunTile(const NBitsGemm& g, const RoundedRow* rows, int panel, const uint8_t* codes, float* y) {
  const uint8_t* elements[kRows];
  Vec total[kRows][2];
  for (int r = 0; r < kRows; ++r) {
    elements[r] = rows[r].elements;
    total[r][0] = total[r][1] = Zero();
  }
  const uint8_t* factors = PanelAt(g, panel) + BlockCodeBytes(g);
  const int32_t shared_zero = SharedZero(g);
  WEBINFER_NO_UNROLL
  for (int block = 0; block < g.blocks(); ++block, factors += BlockBytes(g)) {
    Vec sum[kRows][2];
    WEBINFER_UNROLL
    for (int r = 0; r < kRows; ++r) sum[r][0] = sum[r][1] = SplatInt(shared_zero * rows[r].sums[block]);
    WEBINFER_NO_UNROLL
    for (int step = g.block / 4; step > 0; --step, codes += 32) {
      const Vec low = Load(codes), high = Load(codes + 16);
      WEBINFER_UNROLL
      for (int r = 0; r < kRows; ++r) {
        const Vec x = wasm_v128_load32_splat(elements[r]);
        elements[r] += 4;
        sum[r][0] = RelaxedDot(x, low, sum[r][0]);
        sum[r][1] = RelaxedDot(x, high, sum[r][1]);
      }
    }
    const auto* f = reinterpret_cast<const float*>(factors);
    WEBINFER_UNROLL
    for (int r = 0; r < kRows; ++r) {
      const Vec scale = LoadSplat(rows[r].scales + block), scaled_sum = LoadSplat(rows[r].scaled_sums + block);
      total[r][0] = AddBlock(g, f, sum[r][0], scale, scaled_sum, total[r][0]);
      total[r][1] = AddBlock(g, f + 4, sum[r][1], scale, scaled_sum, total[r][1]);
    }
  }
  for (int r = 0; r < kRows; ++r) StoreColumns(g, panel, total[r], y + static_cast<size_t>(r) * static_cast<size_t>(g.n));
}

void RunTileOf(int rows, const NBitsGemm& g, const RoundedRow* row, int panel, const uint8_t* codes, float* y) {
  switch (rows) {
    case 1: return RunTile<1>(g, row, panel, codes, y);
    case 2: return RunTile<2>(g, row, panel, codes, y);
    case 3: return RunTile<3>(g, row, panel, codes, y);
    case 4: return RunTile<4>(g, row, panel, codes, y);
    case 5: return RunTile<5>(g, row, panel, codes, y);
    default: return RunTile<6>(g, row, panel, codes, y);
  }
}

template <int kBits>
void RunPanel(const NBitsGemm& g, void* rows, int panel, uint8_t* codes) {
  UnpackPanel<kBits>(g, panel, codes);
  for (int row = 0; row < g.m;) {
    const int left = g.m - row, count = left >= 2 * kMostTileRows ? kMostTileRows : left <= kMostTileRows ? left : (left + 1) / 2;
    RoundedRow tile[kMostTileRows];
    for (int r = 0; r < count; ++r) tile[r] = RowAt(g, rows, row + r);
    RunTileOf(count, g, tile, panel, codes, g.y + static_cast<size_t>(row) * static_cast<size_t>(g.n));
    row += count;
  }
}

template <int kBits, typename Sums>
void RunFewRows(const NBitsGemm& g, void* rows, int panel, int end) {
  for (int row = 0; row < g.m; ++row) {
    const RoundedRow x = RowAt(g, rows, row);
    float* const y = g.y + static_cast<size_t>(row) * static_cast<size_t>(g.n);
    int at = panel;
    for (; at + Sums::kPanels <= end; at += Sums::kPanels) RunRow<kBits, Sums, Sums::kPanels>(g, x, at, y);
    for (; at < end; ++at) RunRow<kBits, Sums, 1>(g, x, at, y);
  }
}

template <int kBits>
void Run(const NBitsGemm& g, void* scratch, ThreadPool& pool) {
  const int panels = PanelCount(g), few = MostFewRows(g), row_tasks = g.m > few ? (g.m + kMostTileRows - 1) / kMostTileRows : 1;
  pool.ParallelFor(row_tasks, [&](int task, int) {
    const int first = row_tasks == 1 ? 0 : task * kMostTileRows,
              last = row_tasks == 1 ? g.m : std::min(g.m, first + kMostTileRows);
    for (int row = first; row < last; ++row)
      RoundRow(g, g.x + static_cast<size_t>(row) * static_cast<size_t>(g.k), RowAt(g, scratch, row));
  });
  auto* const panel_codes = static_cast<uint8_t*>(scratch) + static_cast<size_t>(g.m) * RowBytes(g);
  pool.ParallelFor((panels + kPanelsPerTask - 1) / kPanelsPerTask, [&](int task, int thread) {
    const int panel = task * kPanelsPerTask, end = std::min(panels, panel + kPanelsPerTask);
    if (IsWide(g)) return RunFewRows<kBits, WideSums>(g, scratch, panel, end);
    if (g.m <= few) return RunFewRows<kBits, NarrowSums>(g, scratch, panel, end);
    uint8_t* const codes = panel_codes + static_cast<size_t>(thread) * PaddedDepth(g) * kPanelColumns;
    for (int at = panel; at < end; ++at) RunPanel<kBits>(g, scratch, at, codes);
  });
}

}  // namespace

// Widened codes only pay for few rows: the float tile is as fast.
bool HasInt8NBits(const NBitsGemm& g) { return g.table == nullptr && (!IsWide(g) || g.m <= 3); }

size_t Int8NBitsScratchBytes(const NBitsGemm& g, int threads) {
  const size_t rows = static_cast<size_t>(g.m) * RowBytes(g);
  return g.m <= MostFewRows(g) ? rows : rows + static_cast<size_t>(threads) * PaddedDepth(g) * kPanelColumns;
}

void RunInt8NBits(const NBitsGemm& g, void* scratch, ThreadPool& pool) {
  switch (PackedBits(g)) {
    case 2: return Run<2>(g, scratch, pool);
    case 4: return Run<4>(g, scratch, pool);
    default: return Run<8>(g, scratch, pool);
  }
}

}  // namespace webinfer::kernels
