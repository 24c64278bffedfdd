#include "kernels/int8_depthwise.h"

#include <algorithm>
#include <cstring>

#include "kernels/activation.h"
#include "kernels/conv_pixel.h"
#include "kernels/int8_dot.h"
#include "kernels/int8_finish.h"

namespace webinfer::kernels {

namespace {

constexpr size_t RoundUp(size_t bytes) { return (bytes + 63) / 64 * 64; }

size_t PaddedChannels(const ConvGeometry& g) { return (static_cast<size_t>(g.channels) + 7) / 8 * 8; }

// Taps are filled up to whole groups of 4.
int PaddedTaps(const ConvGeometry& g) { return (g.taps() + 3) / 4 * 4; }

// Where the weights of a tap are among them. For 3 x 3 a group is a column of the kernel, which neighbouring outputs share.
int TapSlot(const ConvGeometry& g, int ky, int kx) {
  return g.kernel[1] == 3 && g.kernel[2] == 3 ? 4 * kx + ky : ky * g.kernel[2] + kx;
}

// Packed: what kind of dot product, the sums of the weights of each channel, then [channels / 8][taps][...] weights without
// their zero point: bytes if it was 0 and the machine multiplies bytes, else 16 bits.
struct PackedFilters {
  int32_t* dot;
  int32_t* sums;
  int8_t* weights;

  PackedFilters(const ConvGeometry& g, void* packed)
      : dot(static_cast<int32_t*>(packed)), sums(dot + 4), weights(reinterpret_cast<int8_t*>(sums + PaddedChannels(g))) {}
};

int ZeroOf(const Int8Filters& filters, size_t channel) {
  if (filters.zero == nullptr) return 0;
  const size_t i = filters.zero_per_filter ? channel : 0;
  return filters.is_signed ? static_cast<const int8_t*>(filters.zero)[i] : static_cast<const uint8_t*>(filters.zero)[i];
}

int WeightOf(const Int8Filters& filters, size_t i) {
  return filters.is_signed ? static_cast<const int8_t*>(filters.data)[i] : static_cast<const uint8_t*>(filters.data)[i];
}

// The tap (ky * width + kx) in a slot; behind the last tap if there is none.
size_t TapInSlot(const ConvGeometry& g, size_t slot) {
  if (g.kernel[1] != 3 || g.kernel[2] != 3) return slot;
  return slot % 4 == 3 ? 9 : slot % 4 * 3 + slot / 4;
}

struct PixelTaps {
  const uint8_t** inputs;  // as many as PaddedTaps
  int groups;              // of 4 taps
  int channels;
  Vec flip;
  const int8_t* weights;
};

WEBINFER_INLINE Vec Interleave(const uint8_t* a, const uint8_t* b) {
  return wasm_i8x16_shuffle(wasm_v128_load64_zero(a), wasm_v128_load64_zero(b), 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22,
                            7, 23);
}

template <typename Dot>
void SumBytes(const PixelTaps& p, int32_t* sums) {
  const int8_t* w = p.weights;
  const Vec flip = p.flip;
  WEBINFER_NO_UNROLL
  for (int channel = 0; channel < p.channels; channel += 8) {
    Vec low = Zero(), high = Zero();
    const uint8_t* const* inputs = p.inputs;
    WEBINFER_NO_UNROLL
    for (int group = p.groups; group > 0; --group, inputs += 4, w += 32) {
      const Vec first = wasm_v128_xor(Interleave(inputs[0] + channel, inputs[1] + channel), flip);
      const Vec second = wasm_v128_xor(Interleave(inputs[2] + channel, inputs[3] + channel), flip);
      low = Dot::Add(Load(w), wasm_i16x8_shuffle(first, second, 0, 8, 1, 9, 2, 10, 3, 11), low);
      high = Dot::Add(Load(w + 16), wasm_i16x8_shuffle(first, second, 4, 12, 5, 13, 6, 14, 7, 15), high);
    }
    Store(sums + channel, low);
    Store(sums + channel + 4, high);
  }
}

void SumWords(const PixelTaps& p, int32_t* sums) {
  const auto* w = reinterpret_cast<const int16_t*>(p.weights);
  const Vec flip = p.flip;
  WEBINFER_NO_UNROLL
  for (int channel = 0; channel < p.channels; channel += 8) {
    Vec low = Zero(), high = Zero();
    const uint8_t* const* inputs = p.inputs;
    WEBINFER_NO_UNROLL
    for (int pair = 2 * p.groups; pair > 0; --pair, inputs += 2, w += 16) {
      const Vec bytes = wasm_v128_xor(Interleave(inputs[0] + channel, inputs[1] + channel), flip);
      low = wasm_i32x4_add(low, wasm_i32x4_dot_i16x8(Load(w), wasm_u16x8_extend_low_u8x16(bytes)));
      high = wasm_i32x4_add(high, wasm_i32x4_dot_i16x8(Load(w + 8), wasm_u16x8_extend_high_u8x16(bytes)));
    }
    Store(sums + channel, low);
    Store(sums + channel + 4, high);
  }
}

// Pointers to the taps of a pixel; true if all lie in the image.
bool FindTaps(const ConvGeometry& g, const uint8_t* x, const Pixel& pixel, const uint8_t* zero, const uint8_t** inputs) {
  bool inside = true;
  for (int ky = 0; ky < g.kernel[1]; ++ky) {
    const uint8_t* row = ImageRow(g, x, pixel, 0, ky);
    for (int kx = 0, at = pixel.in[2]; kx < g.kernel[2]; ++kx, at += g.dilation[2]) {
      const bool found = row != nullptr && Inside(at, g.in[2]);
      inside &= found;
      inputs[TapSlot(g, ky, kx)] = found ? row + static_cast<int64_t>(at) * g.channels : zero;
    }
  }
  return inside;
}

// A column of three rows of 8 channels, as the two dot products want it: for 8-bit ones all three rows in one operand.
template <typename Dot>
struct ByteColumn {
  static constexpr int kWeightBytes = 32;
  Vec low, high;

  static WEBINFER_INLINE ByteColumn Read(const uint8_t* a, const uint8_t* b, const uint8_t* c, Vec flip) {
    const Vec first = wasm_v128_xor(Interleave(a, b), flip), second = wasm_v128_xor(Interleave(c, c), flip);
    return {wasm_i16x8_shuffle(first, second, 0, 8, 1, 9, 2, 10, 3, 11),
            wasm_i16x8_shuffle(first, second, 4, 12, 5, 13, 6, 14, 7, 15)};
  }
  struct Weights {
    Vec low, high;
    explicit Weights(const int8_t* w) : low(Load(w)), high(Load(w + 16)) {}
  };
  WEBINFER_INLINE void AddTo(const Weights& w, Vec* sum_low, Vec* sum_high) const {
    *sum_low = Dot::Add(w.low, low, *sum_low);
    *sum_high = Dot::Add(w.high, high, *sum_high);
  }
};

// For 16-bit ones two pairs of rows, the last of which is empty.
struct WordColumn {
  static constexpr int kWeightBytes = 64;
  Vec low, high, last_low, last_high;

  static WEBINFER_INLINE WordColumn Read(const uint8_t* a, const uint8_t* b, const uint8_t* c, Vec flip) {
    const Vec first = wasm_v128_xor(Interleave(a, b), flip);
    const Vec last = wasm_u16x8_extend_low_u8x16(wasm_v128_xor(wasm_v128_load64_zero(c), flip));
    return {wasm_u16x8_extend_low_u8x16(first), wasm_u16x8_extend_high_u8x16(first), wasm_u32x4_extend_low_u16x8(last),
            wasm_u32x4_extend_high_u16x8(last)};
  }
  struct Weights {
    const int8_t* w;
    explicit Weights(const int8_t* from) : w(from) {}
  };
  WEBINFER_INLINE void AddTo(const Weights& w, Vec* sum_low, Vec* sum_high) const {
    *sum_low = WidenDot::Add(Load(w.w + 32), last_low, WidenDot::Add(Load(w.w), low, *sum_low));
    *sum_high = WidenDot::Add(Load(w.w + 48), last_high, WidenDot::Add(Load(w.w + 16), high, *sum_high));
  }
};

// Where the three input rows of an output row are; a row outside the image is the pixel of zero points, which does not move.
struct Rows3 {
  const uint8_t* row[3];
  size_t step[3];
  const uint8_t* zero;
  int width, first, outputs, stride;  // of the input row; input column of the first tap; of the output row
  int channels;
  Vec flip;
  const int8_t* weights;
  uint8_t* y;
};

// A row of a 3 x 3 convolution, requantised.
template <typename Column>
void RunRow3(const Rows3& p, const Int8Stage& stage) {
  const Requantizer requantize(stage);
  const auto channels = static_cast<size_t>(p.channels);
  for (size_t channel = 0; channel < channels; channel += 8) {
    const int8_t* weights = p.weights + channel / 8 * (3 * Column::kWeightBytes);
    const typename Column::Weights w0(weights), w1(weights + Column::kWeightBytes), w2(weights + 2 * Column::kWeightBytes);
    const Vec low_scale = Load(stage.scale + channel), high_scale = Load(stage.scale + channel + 4);
    const Vec low_offset = Load(stage.offset + channel), high_offset = Load(stage.offset + channel + 4);
    const Column outside = Column::Read(p.zero + channel, p.zero + channel, p.zero + channel, p.flip);
    const uint8_t *a = p.row[0] + channel, *b = p.row[1] + channel, *c = p.row[2] + channel;
    const auto read = [&](int x) {
      if (!Inside(x, p.width)) return outside;
      const auto at = static_cast<size_t>(x);
      return Column::Read(a + at * p.step[0], b + at * p.step[1], c + at * p.step[2], p.flip);
    };
    const int count = static_cast<int>(std::min<size_t>(8, channels - channel));
    uint8_t* y = p.y + channel;
    int x = p.first;
    if (p.stride == 1) {
      // Sums of the next output and of the one after it.
      Vec low = low_offset, high = high_offset, next_low = low_offset, next_high = high_offset;
      Column column = read(x++);
      column.AddTo(w0, &low, &high);
      column = read(x++);
      column.AddTo(w1, &low, &high);
      column.AddTo(w0, &next_low, &next_high);
      WEBINFER_NO_UNROLL
      for (int i = 0; i < p.outputs; ++i, y += channels) {
        column = read(x++);
        column.AddTo(w2, &low, &high);
        StoreBytes(y, requantize(low, high, low_scale, high_scale), count);
        low = next_low;
        high = next_high;
        column.AddTo(w1, &low, &high);
        next_low = low_offset;
        next_high = high_offset;
        column.AddTo(w0, &next_low, &next_high);
      }
      continue;
    }
    Column column = read(x);
    WEBINFER_NO_UNROLL
    for (int i = 0; i < p.outputs; ++i, y += channels, x += 2) {
      Vec low = low_offset, high = high_offset;
      column.AddTo(w0, &low, &high);
      read(x + 1).AddTo(w1, &low, &high);
      column = read(x + 2);
      column.AddTo(w2, &low, &high);
      StoreBytes(y, requantize(low, high, low_scale, high_scale), count);
    }
  }
}

bool IsRow3(const Int8Conv& conv) {
  const ConvGeometry& g = conv.geometry;
  return conv.output.kind == Int8Output::Kind::kByte && g.kernel[1] == 3 && g.kernel[2] == 3 && g.dilation[2] == 1 &&
         g.stride[2] <= 2;
}

// Output row `index`, counted over the batch.
Rows3 RowsOf(const ConvGeometry& g, const uint8_t* x, const uint8_t* zero, int index) {
  Rows3 rows{};
  const Pixel pixel(g, int64_t{index} * g.out[2]);
  for (int ky = 0; ky < 3; ++ky) {
    const uint8_t* row = ImageRow(g, x, pixel, 0, ky);
    rows.row[ky] = row == nullptr ? zero : row;
    rows.step[ky] = row == nullptr ? 0 : static_cast<size_t>(g.channels);
  }
  rows.zero = zero;
  rows.width = g.in[2];
  rows.first = -g.pad[2];
  rows.outputs = g.out[2];
  rows.stride = g.stride[2];
  rows.channels = g.channels;
  return rows;
}

// Scratch: the stage, a pixel of zero points, then for each thread its pointers and sums.
struct Layout {
  size_t stage, zero, pointers, sums;

  explicit Layout(const ConvGeometry& g)
      : stage(RoundUp(Int8StageBytes(g.channels))),
        zero(RoundUp(PaddedChannels(g) + 16)),
        pointers(RoundUp(static_cast<size_t>(PaddedTaps(g)) * sizeof(const uint8_t*))),
        sums(RoundUp(PaddedChannels(g) * sizeof(int32_t))) {}
  size_t thread() const { return pointers + sums; }
};

}  // namespace

size_t PackedInt8DepthwiseBytes(const ConvGeometry& g) {
  return 4 * sizeof(int32_t) + PaddedChannels(g) * (sizeof(int32_t) + static_cast<size_t>(PaddedTaps(g)) * sizeof(int16_t));
}

void PackInt8Depthwise(const ConvGeometry& g, const Int8Filters& filters, Int8Dot dot, void* packed) {
  const PackedFilters to(g, packed);
  const size_t taps = static_cast<size_t>(g.taps()), channels = static_cast<size_t>(g.channels);
  bool bytes = dot != Int8Dot::kWiden && filters.is_signed;
  for (size_t c = 0; c < channels; ++c) bytes &= ZeroOf(filters, c) == 0;
  *to.dot = static_cast<int32_t>(bytes ? dot : Int8Dot::kWiden);
  const size_t step = bytes ? 4 : 2;
  auto* words = reinterpret_cast<int16_t*>(to.weights);
  int8_t* out = to.weights;
  for (size_t panel = 0; panel < PaddedChannels(g); panel += 8) {
    std::fill(to.sums + panel, to.sums + panel + 8, 0);
    for (size_t first = 0; first < static_cast<size_t>(PaddedTaps(g)); first += step) {
      for (size_t c = panel; c < panel + 8; ++c) {
        for (size_t slot = first; slot < first + step; ++slot) {
          const size_t tap = TapInSlot(g, slot);
          const int value = c < channels && tap < taps ? WeightOf(filters, c * taps + tap) - ZeroOf(filters, c) : 0;
          to.sums[c] += value;
          if (bytes) {
            *out++ = static_cast<int8_t>(value);
          } else {
            *words++ = static_cast<int16_t>(value);
          }
        }
      }
    }
  }
}

size_t Int8DepthwiseScratch(const ConvGeometry& g, int threads) {
  const Layout layout(g);
  return layout.stage + layout.zero + static_cast<size_t>(threads) * layout.thread();
}

void RunInt8Depthwise(const Int8Conv& conv, void* scratch, ThreadPool& pool) {
  const ConvGeometry& g = conv.geometry;
  const Layout layout(g);
  const PackedFilters packed(g, const_cast<void*>(conv.packed));
  const auto dot = static_cast<Int8Dot>(*packed.dot);
  const Int8Dot operand = dot == Int8Dot::kWiden ? Int8Dot::kUnsigned : dot;  // bytes are widened as unsigned ones here
  Int8Gemm gemm;
  gemm.a_signed = conv.x_signed;
  gemm.a_zero = conv.x_zero;
  gemm.b = {nullptr, packed.sums, operand};
  gemm.k = 2 * g.taps();  // weights of 16 bits may be twice as large
  gemm.n = g.channels;
  gemm.output = conv.output;
  auto* const bytes = static_cast<uint8_t*>(scratch);
  const Int8Stage stage = PrepareInt8Stage(gemm, bytes);
  uint8_t* const zero = bytes + layout.stage;
  std::memset(zero, conv.x_zero, layout.zero);
  const auto sum = dot == Int8Dot::kSigned ? SumBytes<SignedDot> : dot == Int8Dot::kUnsigned ? SumBytes<UnsignedDot> : SumWords;
  const uint8_t flip = Int8Flip(operand, conv.x_signed);
  const size_t pixel_bytes = static_cast<size_t>(g.channels) * (conv.output.kind == Int8Output::Kind::kByte ? 1 : 4);
  const int step = g.stride[2] * g.channels, last_inside = g.in[2] - (g.kernel[2] - 1) * g.dilation[2] - 1;

  if (IsRow3(conv)) {
    const auto run = dot == Int8Dot::kSigned     ? RunRow3<ByteColumn<SignedDot>>
                     : dot == Int8Dot::kUnsigned ? RunRow3<ByteColumn<UnsignedDot>>
                                                 : RunRow3<WordColumn>;
    return pool.ParallelFor(g.batch * g.out[1], [&](int task, int) {
      Rows3 rows = RowsOf(g, static_cast<const uint8_t*>(conv.x), zero, task);
      rows.flip = wasm_i8x16_splat(static_cast<int8_t>(flip));
      rows.weights = packed.weights;
      rows.y = static_cast<uint8_t*>(conv.y) + static_cast<size_t>(task) * static_cast<size_t>(g.out[2]) * pixel_bytes;
      run(rows, stage);
    });
  }
  pool.ParallelFor(g.batch * g.out[1], [&](int task, int thread) {
    uint8_t* const workspace = zero + layout.zero + static_cast<size_t>(thread) * layout.thread();
    auto** const inputs = reinterpret_cast<const uint8_t**>(workspace);
    auto* const sums = reinterpret_cast<int32_t*>(workspace + layout.pointers);
    std::fill(inputs, inputs + PaddedTaps(g), zero);
    const PixelTaps taps{inputs, PaddedTaps(g) / 4, g.channels, wasm_i8x16_splat(static_cast<int8_t>(flip)), packed.weights};
    Pixel pixel(g, int64_t{task} * g.out[2]);
    uint8_t* y = static_cast<uint8_t*>(conv.y) + static_cast<size_t>(task) * static_cast<size_t>(g.out[2]) * pixel_bytes;
    bool inside = false;
    for (int column = 0; column < g.out[2]; ++column, pixel.Next(), y += pixel_bytes) {
      if (inside && pixel.in[2] <= last_inside) {
        for (int slot = 0; slot < PaddedTaps(g); ++slot) inputs[slot] += inputs[slot] == zero ? 0 : step;
      } else {
        inside = FindTaps(g, static_cast<const uint8_t*>(conv.x), pixel, zero, inputs);
      }
      sum(taps, sums);
      FinishInt8(stage, sums, PaddedChannels(g), nullptr, 1, 0, g.channels, y, static_cast<size_t>(g.channels));
      if (conv.output.kind == Int8Output::Kind::kFloat) {
        ApplyActivation(conv.output.activation, conv.output.alpha, conv.output.beta, reinterpret_cast<float*>(y),
                        static_cast<size_t>(g.channels));
      }
    }
  });
}

}  // namespace webinfer::kernels
