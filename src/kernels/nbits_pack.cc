#include <cstring>

#include "kernels/nbits_layout.h"

namespace webinfer::kernels {
namespace {

// Code `index` of a run of `count` codes.
int CodeAt(const uint8_t* codes, int index, int count, int bits) {
  const auto plane = [&](const uint8_t* from, int width) {
    const int bit = index * width;
    return from[bit / 8] >> (bit % 8) & ((1 << width) - 1);
  };
  if ((bits & (bits - 1)) == 0) return plane(codes, bits);
  int code = 0;
  for (int width = 1; width <= 4; width *= 2) {
    if ((bits & width) == 0) continue;
    code = code << width | plane(codes, width);
    codes += CodeBytes(count, width);
  }
  return code;
}

struct Source {
  const NBitsGemm& g;
  const NBitsWeights& w;
  size_t block_bytes = static_cast<size_t>(CodeBytes(g.block, g.bits));
  size_t zero_bytes = static_cast<size_t>(CodeBytes(g.blocks(), g.bits));

  const uint8_t* Block(int column, int block) const {
    return w.codes + (static_cast<size_t>(column) * static_cast<size_t>(g.blocks()) + static_cast<size_t>(block)) * block_bytes;
  }
  int Code(int column, int block, int row) const {
    return CodeAt(Block(column, block), w.high_first ? row ^ 1 : row, g.block, g.bits);
  }
  float Scale(int column, int block) const { return w.scales[Entry(column, block)]; }
  float Zero(int column, int block) const {
    if (w.float_zeros != nullptr) return w.float_zeros[Entry(column, block)];
    if (w.zeros == nullptr) return DefaultZero(g);
    const uint8_t* zeros = w.zeros + static_cast<size_t>(column) * zero_bytes;
    return static_cast<float>(CodeAt(zeros, block, g.blocks(), g.bits));
  }
  size_t Entry(int column, int block) const {
    return static_cast<size_t>(column) * static_cast<size_t>(g.blocks()) + static_cast<size_t>(block);
  }
};

// Four 4-bit codes as the low halves of four bytes.
uint32_t Spread4(uint32_t codes) {
  codes = (codes | codes << 8) & 0x00ff00ffu;
  return (codes | codes << 4) & 0x0f0f0f0fu;
}

uint32_t LoadCodes(const uint8_t* from, size_t bytes) {
  uint32_t codes = 0;
  std::memcpy(&codes, from, bytes);
  return codes;
}

// Four rows of one column as four bytes.
uint32_t FourRows(const Source& source, int column, int block, int row) {
  if (column >= source.g.n) return 0;
  if (source.g.bits == 4 && !source.w.high_first) return Spread4(LoadCodes(source.Block(column, block) + row / 2, 2));
  if (source.g.bits == 8) return LoadCodes(source.Block(column, block) + row, 4);
  uint32_t rows = 0;
  for (int i = 0; i < 4; ++i) rows |= static_cast<uint32_t>(source.Code(column, block, row + i)) << (8 * i);
  return rows;
}

void PackStep(const Source& source, int column, int block, int row, int packed_bits, uint32_t flip, uint8_t* to) {
  uint32_t words[8] = {};
  for (int j = 0; j < 4; ++j) {
    const uint32_t low = FourRows(source, column + j, block, row), high = FourRows(source, column + j + 4, block, row);
    if (packed_bits == 8) {
      words[j] = low ^ flip;
      words[j + 4] = high ^ flip;
    } else if (packed_bits == 4) {
      words[j] = low | high << 4;
    } else {
      words[j] = low | high << 2 | FourRows(source, column + j, block, row + 4) << 4 |
                 FourRows(source, column + j + 4, block, row + 4) << 6;
    }
  }
  std::memcpy(to, words, StepBytes(packed_bits));
}

}  // namespace

int CodeBytes(int count, int bits) {
  if ((bits & (bits - 1)) == 0) return static_cast<int>((int64_t{count} * bits + 7) / 8);
  int bytes = 0;
  for (int width = 1; width <= 4; width *= 2) bytes += (bits & width) != 0 ? CodeBytes(count, width) : 0;
  return bytes;
}

size_t PackedNBitsBytes(const NBitsGemm& g) { return static_cast<size_t>(PanelCount(g)) * PanelBytes(g); }

void PackNBits(const NBitsGemm& g, const NBitsWeights& w, void* packed) {
  const Source source{g, w};
  const int bits = PackedBits(g);
  const float shift = CodeShift(g);
  const uint32_t flip = shift != 0 ? 0x80808080u : 0;
  auto* to = static_cast<uint8_t*>(packed);
  for (int first = 0; first < g.n; first += kPanelColumns) {
    for (int block = 0; block < g.blocks(); ++block) {
      for (int row = 0; row < g.block; row += StepRows(bits), to += StepBytes(bits))
        PackStep(source, first, block, row, bits, flip, to);
      auto* factors = reinterpret_cast<float*>(to);
      for (int j = 0; j < kPanelColumns; ++j) {
        const bool inside = first + j < g.n;
        factors[j] = inside ? source.Scale(first + j, block) : 0;
        if (g.zeros) factors[kPanelColumns + j] = inside ? source.Zero(first + j, block) - shift : 0;
      }
      to += (g.zeros ? 2 : 1) * kPanelColumns * sizeof(float);
    }
  }
}

void ExpandColumn(const NBitsGemm& g, const NBitsWeights& w, const int32_t* groups, int column, float* to) {
  const Source source{g, w};
  for (int k = 0; k < g.k; ++k) {
    const int block = k / g.block, group = groups != nullptr ? groups[k] : block;
    const int code = source.Code(column, block, k % g.block);
    const float value = g.table != nullptr ? g.table[code] : static_cast<float>(code) - source.Zero(column, group);
    to[k] = value * source.Scale(column, group);
  }
}

}  // namespace webinfer::kernels
