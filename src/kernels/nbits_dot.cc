// kernels/nbits.h by integer dot products: rows become fixed-point numbers with one scale per block, of 8 bits (`int8`) or of 24,
// which are as exact as the floats' sums. A number of 24 bits is three digits of 8; codes meet each digit alone.
//
// 2- and 4-bit codes fit the operand of the relaxed dot that every machine reads alike; 8-bit ones need the probe's answer. Where
// there is no such dot, or it is a slow emulation, codes and rows are widened to 16 bits; digits have 12 bits then.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "kernels/int8_dot.h"
#include "kernels/nbits_layout.h"

namespace webinfer::kernels {
namespace {

constexpr int kPanelsPerTask = 8;
constexpr int kFewRows = 2;  // up to here the packed codes are read row by row
constexpr int kMostWideRows = 3;
constexpr int kMostWideBlock = 4096;  // 2^31 bounds a block's sum of 8-bit codes times 12-bit digits

bool IsWide() { return !kHasRelaxedDot || ProbeInt8Dot() == Int8Dot::kWiden; }

int DigitCount(const NBitsGemm& g) { return g.int8 ? 1 : IsWide() ? 2 : 3; }

// How numbers are made of digits: value = digit 0 + base digit 1 + base^2 digit 2, of at most `most`.
struct Digits {
  int count, bits;
  float most;
};
Digits DigitsOf(const NBitsGemm& g) {
  if (g.int8) return {1, 8, 127};
  if (IsWide()) return {2, 12, 2047.0f * 4096};
  return {3, 8, 127.0f * 65536};
}

// A rounded row: per four elements, digit by digit (bytes, or 16 bits if wide); per block the scale, the sum times the scale,
// and what the sum of each digit starts from: minus the zero that all columns share times the digits' sum.
struct RoundedRow {
  uint8_t* elements;
  float* scales;
  float* scaled_sums;
  int32_t* starts;  // [digit][block]
};
size_t Align(size_t bytes) { return (bytes + 63) / 64 * 64; }
size_t QuadBytes(const NBitsGemm& g) { return static_cast<size_t>(DigitCount(g)) * (IsWide() ? 8 : 4); }
size_t ElementBytes(const NBitsGemm& g) { return Align(PaddedDepth(g) / 4 * QuadBytes(g)); }
size_t RowBytes(const NBitsGemm& g) {
  return ElementBytes(g) + Align(sizeof(float) * static_cast<size_t>((2 + DigitCount(g)) * g.blocks()));
}
RoundedRow RowAt(const NBitsGemm& g, void* scratch, int row) {
  auto* const elements = static_cast<uint8_t*>(scratch) + static_cast<size_t>(row) * RowBytes(g);
  auto* const scales = reinterpret_cast<float*>(elements + ElementBytes(g));
  return {elements, scales, scales + g.blocks(), reinterpret_cast<int32_t*>(scales + 2 * g.blocks())};
}

// The zero that all columns share, as it is taken from packed codes.
int32_t SharedZero(const NBitsGemm& g) { return g.zeros ? 0 : static_cast<int32_t>(DefaultZero(g) - CodeShift(g)); }

float LargestMagnitude(const float* x, int count) {
  const Vec magnitude = Opaque(SplatInt(0x7fffffff));
  Vec most = Zero();
  int i = 0;
  for (; i + 4 <= count; i += 4) most = wasm_f32x4_max(most, wasm_v128_and(Load(x + i), magnitude));
  float largest = HorizontalMax(most);
  for (; i < count; ++i) largest = std::isnan(x[i]) ? x[i] : std::max(largest, std::fabs(x[i]));
  return largest;
}

void RoundRow(const NBitsGemm& g, const float* x, const RoundedRow& row) {
  const Digits digits = DigitsOf(g);
  const bool wide = IsWide();
  const auto unused = static_cast<uint32_t>(32 - digits.bits);
  const int32_t shared_zero = SharedZero(g);
  uint8_t* to = row.elements;
  for (int block = 0; block < g.blocks(); ++block) {
    const int first = block * g.block, count = std::min(g.block, g.k - first);
    const float largest = LargestMagnitude(x + first, count);
    const bool finite = largest < std::numeric_limits<float>::infinity();
    const float unit = std::max(largest / digits.most, std::numeric_limits<float>::min());
    const Vec factor = Opaque(finite ? 1 / unit : 0.0f);
    Vec sums[3] = {Zero(), Zero(), Zero()};
    for (int i = 0; i < g.block; i += 4) {
      const Vec values = i < count ? LoadPartial(x + first + i, std::min(4, count - i)) : Zero();
      Vec rest = wasm_i32x4_trunc_sat_f32x4(wasm_f32x4_nearest(Mul(values, factor)));
      for (int d = 0; d < digits.count; ++d) {
        const Vec digit = d + 1 == digits.count ? rest : wasm_i32x4_shr(wasm_i32x4_shl(rest, unused), unused);
        rest = wasm_i32x4_shr(wasm_i32x4_sub(rest, digit), static_cast<uint32_t>(digits.bits));
        sums[d] = wasm_i32x4_sub(sums[d], digit);
        const Vec shorts = wasm_i16x8_narrow_i32x4(digit, digit);
        if (wide) {
          wasm_v128_store64_lane(to, shorts, 0);
        } else {
          wasm_v128_store32_lane(to, wasm_i8x16_narrow_i16x8(shorts, shorts), 0);
        }
        to += wide ? 8 : 4;
      }
    }
    double sum = 0;
    for (int d = digits.count - 1; d >= 0; --d) {
      const int32_t digit_sum = HorizontalSumInt(sums[d]);
      row.starts[d * g.blocks() + block] = digit_sum * shared_zero;
      sum = sum * (1 << digits.bits) - digit_sum;
    }
    // Infinities and NaN: of no column anything is known.
    row.scales[block] = finite ? unit : std::numeric_limits<float>::quiet_NaN();
    row.scaled_sums[block] = row.scales[block] * static_cast<float>(sum);
  }
}

// Four columns' sums of codes (one in each byte) times four elements of a row.
struct NarrowSums {
  static constexpr int kQuadBytes = 4;
  Vec sum;
  WEBINFER_INLINE void Start(Vec start) { sum = start; }
  static WEBINFER_INLINE Vec Elements(const uint8_t* row) { return wasm_v128_load32_splat(row); }
  WEBINFER_INLINE void Add(Vec codes, Vec elements) { sum = RelaxedDot(elements, codes, sum); }
  WEBINFER_INLINE Vec Finish() const { return sum; }
};
struct WideSums {
  static constexpr int kQuadBytes = 8;
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

// sums[d] += codes times digit d.
template <int kDigits, typename Sums>
WEBINFER_INLINE void AddDigits(Vec codes, const Vec* elements, Sums* sums) {
  WEBINFER_UNROLL
  for (int d = 0; d < kDigits; ++d) sums[d].Add(codes, elements[d]);
}

// One step of one panel, for the low and the high four columns. `second`: rows 4 to 7 of a step of 2-bit codes.
template <int kBits, int kDigits, typename Sums>
WEBINFER_INLINE void AddStep(const uint8_t* codes, const Vec* first, const Vec* second, Vec mask, Sums (*sums)[kDigits]) {
  const Vec bytes = Load(codes);
  if constexpr (kBits == 8) {
    AddDigits<kDigits>(bytes, first, sums[0]);
    AddDigits<kDigits>(Load(codes + 16), first, sums[1]);
  } else {
    AddDigits<kDigits>(wasm_v128_and(bytes, mask), first, sums[0]);
    AddDigits<kDigits>(wasm_v128_and(wasm_u16x8_shr(bytes, kBits), mask), first, sums[1]);
  }
  if constexpr (kBits == 2) {
    AddDigits<kDigits>(wasm_v128_and(wasm_u16x8_shr(bytes, 4), mask), second, sums[0]);
    AddDigits<kDigits>(wasm_v128_and(wasm_u16x8_shr(bytes, 6), mask), second, sums[1]);
  }
}

// What a block of a row needs once its sums are done.
struct BlockScales {
  Vec base, scale, scaled_sum;
};

// total += scale of the column (row's scale sum - zero sum of the row)
template <int kDigits, typename Sums>
WEBINFER_INLINE Vec AddBlock(const NBitsGemm& g, const float* factors, const Sums* sums, const BlockScales& b, Vec total) {
  Vec sum = wasm_f32x4_convert_i32x4(sums[kDigits - 1].Finish());
  WEBINFER_UNROLL
  for (int d = kDigits - 2; d >= 0; --d) sum = Madd(sum, b.base, wasm_f32x4_convert_i32x4(sums[d].Finish()));
  Vec product = Mul(sum, b.scale);
  if (g.zeros) product = Nmadd(Load(factors + kPanelColumns), b.scaled_sum, product);
  return Madd(product, Load(factors), total);
}

WEBINFER_INLINE void StoreColumns(const NBitsGemm& g, int panel, const Vec* total, float* y) {
  const int column = panel * kPanelColumns, count = g.n - column;
  for (int half = 0; half < 2 && count > 4 * half; ++half) {
    Vec value = total[half];
    if (g.bias != nullptr) value = Add(value, Load(g.bias + column + 4 * half));
    StorePartial(y + column + 4 * half, value, count - 4 * half);
  }
}

// One row times kPanels panels that lie `distance` panels apart: from task to task each is one stream.
template <int kBits, typename Sums, int kDigits, int kPanels>
WEBINFER_NOINLINE void RunRow(const NBitsGemm& g, const RoundedRow& row, int panel, int distance, float* y) {
  constexpr int kQuads = kBits == 2 ? 2 : 1;
  const size_t apart = static_cast<size_t>(distance) * PanelBytes(g), factor_bytes = BlockBytes(g) - BlockCodeBytes(g);
  const Vec mask = Opaque(wasm_i8x16_splat(kBits == 2 ? 3 : 15)), base = Opaque(static_cast<float>(1 << DigitsOf(g).bits));
  const uint8_t *codes = PanelAt(g, panel), *elements = row.elements;
  Vec total[kPanels][2];
  WEBINFER_UNROLL
  for (int p = 0; p < kPanels; ++p) total[p][0] = total[p][1] = Zero();
  WEBINFER_NO_UNROLL
  for (int block = 0; block < g.blocks(); ++block) {
    Sums sums[kPanels][2][kDigits];
    WEBINFER_UNROLL
    for (int d = 0; d < kDigits; ++d) {
      const Vec start = wasm_v128_load32_splat(row.starts + d * g.blocks() + block);
      WEBINFER_UNROLL
      for (int p = 0; p < kPanels; ++p) {
        sums[p][0][d].Start(start);
        sums[p][1][d].Start(start);
      }
    }
    WEBINFER_NO_UNROLL
    for (int step = g.block / StepRows(kBits); step > 0; --step) {
      Vec x[kQuads * kDigits];
      WEBINFER_UNROLL
      for (int i = 0; i < kQuads * kDigits; ++i) x[i] = Sums::Elements(elements + i * Sums::kQuadBytes);
      elements += kQuads * kDigits * Sums::kQuadBytes;
      WEBINFER_UNROLL
      for (int p = 0; p < kPanels; ++p) {
        AddStep<kBits, kDigits>(codes + static_cast<size_t>(p) * apart, x, x + (kQuads - 1) * kDigits, mask, sums[p]);
      }
      codes += StepBytes(kBits);
    }
    const BlockScales scales{base, LoadSplat(row.scales + block), LoadSplat(row.scaled_sums + block)};
    WEBINFER_UNROLL
    for (int p = 0; p < kPanels; ++p) {
      const auto* factors = reinterpret_cast<const float*>(codes + static_cast<size_t>(p) * apart);
      WEBINFER_UNROLL
      for (int half = 0; half < 2; ++half)
        total[p][half] = AddBlock<kDigits>(g, factors + 4 * half, sums[p][half], scales, total[p][half]);
    }
    codes += factor_bytes;
  }
  for (int p = 0; p < kPanels; ++p) StoreColumns(g, panel + p * distance, total[p], y);
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

// kRows rows over one panel whose codes are bytes. The sums over blocks live in `totals`: in registers they would push out
// those of the block.
template <int kRows, int kDigits>
WEBINFER_NOINLINE void RunTile(const NBitsGemm& g, const RoundedRow* rows, int panel, const uint8_t* codes, float* totals,
                               float* y) {
  const uint8_t* elements[kRows];
  for (int r = 0; r < kRows; ++r) {
    elements[r] = rows[r].elements;
    Store(totals + kPanelColumns * r, Zero());
    Store(totals + kPanelColumns * r + 4, Zero());
  }
  const uint8_t* factors = PanelAt(g, panel) + BlockCodeBytes(g);
  const Vec base = Opaque(static_cast<float>(1 << DigitsOf(g).bits));
  WEBINFER_NO_UNROLL
  for (int block = 0; block < g.blocks(); ++block, factors += BlockBytes(g)) {
    NarrowSums sums[kRows][2][kDigits];
    WEBINFER_UNROLL
    for (int r = 0; r < kRows; ++r) {
      WEBINFER_UNROLL
      for (int d = 0; d < kDigits; ++d)
        sums[r][0][d].sum = sums[r][1][d].sum = wasm_v128_load32_splat(rows[r].starts + d * g.blocks() + block);
    }
    WEBINFER_NO_UNROLL
    for (int step = g.block / 4; step > 0; --step, codes += 32) {
      const Vec low = Load(codes), high = Load(codes + 16);
      WEBINFER_UNROLL
      for (int r = 0; r < kRows; ++r) {
        WEBINFER_UNROLL
        for (int d = 0; d < kDigits; ++d) {
          const Vec x = NarrowSums::Elements(elements[r] + 4 * d);
          sums[r][0][d].Add(low, x);
          sums[r][1][d].Add(high, x);
        }
        elements[r] += 4 * kDigits;
      }
    }
    const auto* f = reinterpret_cast<const float*>(factors);
    WEBINFER_UNROLL
    for (int r = 0; r < kRows; ++r) {
      const BlockScales scales{base, LoadSplat(rows[r].scales + block), LoadSplat(rows[r].scaled_sums + block)};
      float* const total = totals + kPanelColumns * r;
      Store(total, AddBlock<kDigits>(g, f, sums[r][0], scales, Load(total)));
      Store(total + 4, AddBlock<kDigits>(g, f + 4, sums[r][1], scales, Load(total + 4)));
    }
  }
  for (int r = 0; r < kRows; ++r) {
    const Vec total[2] = {Load(totals + kPanelColumns * r), Load(totals + kPanelColumns * r + 4)};
    StoreColumns(g, panel, total, y + static_cast<size_t>(r) * static_cast<size_t>(g.n));
  }
}

void RunTileOf(int rows, const NBitsGemm& g, const RoundedRow* row, int panel, const uint8_t* codes, float* y) {
  alignas(16) float totals[6 * kPanelColumns];
  if (!g.int8) return rows == 1 ? RunTile<1, 3>(g, row, panel, codes, totals, y) : RunTile<2, 3>(g, row, panel, codes, totals, y);
  switch (rows) {
    case 1: return RunTile<1, 1>(g, row, panel, codes, totals, y);
    case 2: return RunTile<2, 1>(g, row, panel, codes, totals, y);
    case 3: return RunTile<3, 1>(g, row, panel, codes, totals, y);
    case 4: return RunTile<4, 1>(g, row, panel, codes, totals, y);
    case 5: return RunTile<5, 1>(g, row, panel, codes, totals, y);
    default: return RunTile<6, 1>(g, row, panel, codes, totals, y);
  }
}

template <int kBits>
void RunPanel(const NBitsGemm& g, void* rows, int panel, uint8_t* codes) {
  UnpackPanel<kBits>(g, panel, codes);
  const int most = g.int8 ? 6 : 2;
  for (int row = 0; row < g.m;) {
    const int left = g.m - row, count = left >= 2 * most ? most : left <= most ? left : (left + 1) / 2;
    RoundedRow tile[6];
    for (int r = 0; r < count; ++r) tile[r] = RowAt(g, rows, row + r);
    RunTileOf(count, g, tile, panel, codes, g.y + static_cast<size_t>(row) * static_cast<size_t>(g.n));
    row += count;
  }
}

// Where kPanels streams of panels begin, and how long they are; the last one may be shorter.
template <int kPanels>
int StreamLength(const NBitsGemm& g) {
  return (PanelCount(g) + kPanels - 1) / kPanels;
}

// The rows times panels [at, end) of each stream.
template <int kBits, typename Sums, int kDigits, int kPanels>
void RunFewRows(const NBitsGemm& g, void* rows, int at, int end) {
  const int length = StreamLength<kPanels>(g);
  for (int row = 0; row < g.m; ++row) {
    const RoundedRow x = RowAt(g, rows, row);
    float* const y = g.y + static_cast<size_t>(row) * static_cast<size_t>(g.n);
    for (int panel = at; panel < std::min(end, length); ++panel) {
      if (panel + (kPanels - 1) * length < PanelCount(g)) {
        RunRow<kBits, Sums, kDigits, kPanels>(g, x, panel, length, y);
        continue;
      }
      for (int p = panel; p < PanelCount(g); p += length) RunRow<kBits, Sums, kDigits, 1>(g, x, p, 1, y);
    }
  }
}

// Panels of a stream that make a task: as many in all for every number of streams.
template <int kBits>
void RunFewRowsOf(const NBitsGemm& g, void* rows, int task) {
  const auto part = [&](int streams) {
    return std::pair(task * kPanelsPerTask / streams, (task + 1) * kPanelsPerTask / streams);
  };
  const auto [one, one_end] = part(1);
  const auto [two, two_end] = part(2);
  const auto [four, four_end] = part(4);
  if (IsWide()) {
    return g.int8 ? RunFewRows<kBits, WideSums, 1, 2>(g, rows, two, two_end)
                  : RunFewRows<kBits, WideSums, 2, 1>(g, rows, one, one_end);
  }
  return g.int8 ? RunFewRows<kBits, NarrowSums, 1, 4>(g, rows, four, four_end)
                : RunFewRows<kBits, NarrowSums, 3, 2>(g, rows, two, two_end);
}

template <int kBits>
void Run(const NBitsGemm& g, void* scratch, ThreadPool& pool) {
  constexpr int kRowsPerTask = 8;
  pool.ParallelFor((g.m + kRowsPerTask - 1) / kRowsPerTask, [&](int task, int) {
    for (int row = task * kRowsPerTask; row < std::min(g.m, (task + 1) * kRowsPerTask); ++row)
      RoundRow(g, g.x + static_cast<size_t>(row) * static_cast<size_t>(g.k), RowAt(g, scratch, row));
  });
  const int panels = PanelCount(g);
  auto* const panel_codes = static_cast<uint8_t*>(scratch) + static_cast<size_t>(g.m) * RowBytes(g);
  if (IsWide() || g.m <= kFewRows) {
    pool.ParallelFor((panels + 3) / kPanelsPerTask + 1, [&](int task, int) { RunFewRowsOf<kBits>(g, scratch, task); });
    return;
  }
  pool.ParallelFor((panels + kPanelsPerTask - 1) / kPanelsPerTask, [&](int task, int thread) {
    const int panel = task * kPanelsPerTask, end = std::min(panels, panel + kPanelsPerTask);
    uint8_t* const codes = panel_codes + static_cast<size_t>(thread) * PaddedDepth(g) * kPanelColumns;
    for (int at = panel; at < end; ++at) RunPanel<kBits>(g, scratch, at, codes);
  });
}

}  // namespace

bool DotNBitsPays(const NBitsGemm& g) {
  if (g.table != nullptr) return false;
  return !IsWide() || (g.m <= kMostWideRows && g.block <= kMostWideBlock);
}

size_t DotNBitsScratchBytes(const NBitsGemm& g, int threads) {
  const size_t rows = static_cast<size_t>(g.m) * RowBytes(g);
  return IsWide() || g.m <= kFewRows ? rows : rows + static_cast<size_t>(threads) * PaddedDepth(g) * kPanelColumns;
}

void RunDotNBits(const NBitsGemm& g, void* scratch, ThreadPool& pool) {
  switch (PackedBits(g)) {
    case 2: return Run<2>(g, scratch, pool);
    case 4: return Run<4>(g, scratch, pool);
    default: return Run<8>(g, scratch, pool);
  }
}

}  // namespace webinfer::kernels
