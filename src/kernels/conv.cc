#include "kernels/conv.h"

#include <algorithm>
#include <cstring>

#include "kernels/conv_pixel.h"
#include "kernels/gemm.h"
#include "kernels/gemm_tile.h"

namespace webinfer::kernels {
namespace {

constexpr int kFewChannels = 7;      // up to here patches are gathered,
constexpr int kRowTapChannels = 16;  // or up to here, the taps of a kernel row taken as one

// Groups of fewer filters than a panel has columns are taken together, with zeros where a filter sees no channel: the panel is
// filled up with zeros anyway.
ConvGeometry Merged(ConvGeometry g) {
  while (g.group % 2 == 0 && 2 * g.group_filters() <= kPanelColumns) g.group /= 2;
  return g;
}

// The pixels under a row of the kernel lie side by side, so they are one tap; where it reaches over the image's edge it is
// gathered.
bool JoinsRowTaps(const ConvGeometry& g) {
  return g.kernel[2] > 1 && g.dilation[2] == 1 && g.group == 1 && g.channels <= kRowTapChannels;
}

bool Gathers(const ConvGeometry& g) { return g.taps() > 1 && g.group_channels() <= kFewChannels && !JoinsRowTaps(g); }

int TapsOf(const ConvGeometry& g) { return Gathers(g) ? 1 : JoinsRowTaps(g) ? g.kernel[0] * g.kernel[1] : g.taps(); }

int PatchFloats(const ConvGeometry& g) { return g.taps() * g.group_channels(); }

Blocking BlockingOf(const ConvGeometry& g, int threads) {
  return ChooseBlocking(static_cast<int>(g.pixels()), g.group_filters(), PatchFloats(g), threads);
}

// Scratch of one thread: the row pointers of a block, then its patches.
size_t PointerFloats(int taps) {
  const size_t pointers = static_cast<size_t>(kMostBlockRows) * static_cast<size_t>(taps);
  return (pointers * sizeof(const float*) / sizeof(float) + 15) / 16 * 16;
}
size_t TableFloats(const ConvGeometry& g) { return PointerFloats(TapsOf(g)); }
size_t GatherFloats(const ConvGeometry& g) {
  if (!Gathers(g) && !JoinsRowTaps(g)) return 0;
  return (static_cast<size_t>(kMostBlockRows) * static_cast<size_t>(PatchFloats(g)) + 31) / 16 * 16;  // and slack to write
}

// Pointers of `rows` pixels from `pixel` on, in RowBlock's order. `zero` stands for pixels outside the image.
void FillPointers(const ConvGeometry& g, const float* x, Pixel pixel, int rows, const float* zero, const float** table) {
  const int taps = g.taps(), width = g.in[2], step = g.dilation[2];
  for (int row = 0; row < rows;) {
    const int height = NextTileRows(rows - row);
    for (int r = 0; r < height; ++r, pixel.Next()) {
      const float** to = table + r;
      for (int kz = 0; kz < g.kernel[0]; ++kz) {
        for (int ky = 0; ky < g.kernel[1]; ++ky) {
          const float* image_row = ImageRow(g, x, pixel, kz, ky);
          int at = pixel.in[2];
          for (int kx = 0; kx < g.kernel[2]; ++kx, at += step, to += height) {
            *to = image_row != nullptr && Inside(at, width) ? image_row + static_cast<int64_t>(at) * g.channels : zero;
          }
        }
      }
    }
    table += height * taps;
    row += height;
  }
}

// Copies in whole vectors: reads and writes up to 3 floats behind the end.
WEBINFER_INLINE float* CopyFloats(const float* from, int count, float* to) {
  for (int i = 0; i < count; i += 4) Store(to + i, Load(from + i));
  return to + count;
}
WEBINFER_INLINE float* ZeroFloats(int count, float* to) {
  for (int i = 0; i < count; i += 4) Store(to + i, Zero());
  return to + count;
}

// `taps` pixels of an image row from column `first` on, zero outside the image.
WEBINFER_INLINE float* GatherRow(const ConvGeometry& g, const float* row, int first, float* to) {
  const int taps = g.kernel[2], channels = g.channels, width = g.in[2];
  const int begin = std::clamp(-first, 0, taps), end = std::clamp(width - first, begin, taps);
  to = ZeroFloats(begin * channels, to);
  to = CopyFloats(row + static_cast<int64_t>(first + begin) * channels, (end - begin) * channels, to);
  return ZeroFloats((taps - end) * channels, to);
}

// FillPointers with a tap per kernel row. `patches` takes the rows that reach over the edge.
void FillRowPointers(const ConvGeometry& g, const float* x, Pixel pixel, int rows, const float* zero, const float** table,
                     float* patches) {
  const int last = g.in[2] - g.kernel[2], taps = TapsOf(g), step = g.stride[2] * g.channels;
  const float* const* left = nullptr;  // the pixel before, if it lies in the same row and reaches over no edge
  int left_height = 0;
  for (int row = 0; row < rows;) {
    const int height = NextTileRows(rows - row);
    for (int r = 0; r < height; ++r, pixel.Next()) {
      const float** to = table + r;
      const int first = pixel.in[2];
      const bool inside = first >= 0 && first <= last;
      if (left != nullptr && inside && pixel.at[2] != 0) {
        for (int tap = 0; tap < taps; ++tap) {
          const float* from = left[tap * left_height];
          to[tap * height] = from == zero ? zero : from + step;
        }
      } else {
        for (int kz = 0; kz < g.kernel[0]; ++kz) {
          for (int ky = 0; ky < g.kernel[1]; ++ky, to += height) {
            const float* image_row = ImageRow(g, x, pixel, kz, ky);
            if (image_row == nullptr) {
              *to = zero;
            } else if (inside) {
              *to = image_row + static_cast<int64_t>(first) * g.channels;
            } else {
              *to = patches;
              patches = GatherRow(g, image_row, first, patches);
            }
          }
        }
      }
      left = inside ? table + r : nullptr;
      left_height = height;
    }
    table += height * taps;
    row += height;
  }
}

// The patch of one pixel, [taps][channels of the group]; `x` points at the group's first channel.
float* GatherPatch(const ConvGeometry& g, const float* x, const Pixel& pixel, float* to) {
  const int channels = g.group_channels(), width = g.in[2], step = g.dilation[2], taps = g.kernel[2];
  for (int kz = 0; kz < g.kernel[0]; ++kz) {
    for (int ky = 0; ky < g.kernel[1]; ++ky) {
      const float* row = ImageRow(g, x, pixel, kz, ky);
      const int first = pixel.in[2];
      if (row == nullptr) {
        to = ZeroFloats(taps * channels, to);
      } else {
        for (int kx = 0, at = first; kx < taps; ++kx, at += step) {
          to = Inside(at, width) ? CopyFloats(row + static_cast<int64_t>(at) * g.channels, channels, to)
                                 : ZeroFloats(channels, to);
        }
      }
    }
  }
  return to;
}

// What stands for a tap outside the image.
size_t ZeroFloatCount(const ConvGeometry& g) { return (static_cast<size_t>(PatchFloats(g) / TapsOf(g)) + 15) / 16 * 16; }

}  // namespace

bool ConvGeometry::IsPointwise() const {
  for (int axis = 0; axis < 3; ++axis) {
    if (kernel[axis] != 1 || stride[axis] != 1 || pad[axis] != 0 || in[axis] != out[axis]) return false;
  }
  return true;
}

size_t PackedConvFloats(const ConvGeometry& geometry) {
  const ConvGeometry g = Merged(geometry);
  return static_cast<size_t>(g.group) * PackedFloats(PatchFloats(g), g.group_filters());
}

void PackConvWeights(const ConvGeometry& geometry, const float* weights, float* packed) {
  const ConvGeometry g = Merged(geometry);
  const int channels = g.group_channels(), filters = g.group_filters(), taps = g.taps();
  const int own_channels = geometry.group_channels(), own_filters = geometry.group_filters();
  const auto filter_floats = static_cast<size_t>(taps) * static_cast<size_t>(own_channels);
  for (int group = 0; group < g.group; ++group, weights += filter_floats * static_cast<size_t>(filters)) {
    if (taps == 1 && own_channels == channels) {
      PackB(weights, 1, filter_floats, channels, filters, 1, packed);
      packed += PackedFloats(channels, filters);
      continue;
    }
    for (int panel = 0; panel < filters; panel += kPanelColumns) {
      const int columns = std::min(kPanelColumns, filters - panel);
      for (int tap = 0; tap < taps; ++tap) {
        for (int channel = 0; channel < channels; ++channel, packed += kPanelColumns) {
          const float* at = weights + static_cast<size_t>(panel) * filter_floats + channel % own_channels * taps + tap;
          for (int j = 0; j < kPanelColumns; ++j) {
            const bool sees = j < columns && channel / own_channels == (panel + j) / own_filters;
            packed[j] = sees ? at[static_cast<size_t>(j) * filter_floats] : 0;
          }
        }
      }
    }
  }
}

namespace {

size_t ScratchFloats(const ConvGeometry& g, int threads) {
  return ZeroFloatCount(g) + static_cast<size_t>(threads) * (TableFloats(g) + GatherFloats(g));
}

}  // namespace

size_t ConvScratchFloats(const ConvGeometry& geometry, int threads) { return ScratchFloats(Merged(geometry), threads); }

namespace {

// Calls fill(group, first pixel, rows, thread's workspace), which makes the pointers of a block of rows, and multiplies the
// block.
template <typename Fill>
void RunBlocks(const ConvGeometry& g, int taps, const float* packed, float* y, const Epilogue& epilogue, float* workspaces,
               size_t per_thread, ThreadPool& pool, const Fill& fill) {
  const int pixels = static_cast<int>(g.pixels()), filters = g.group_filters(), patch = PatchFloats(g);
  const Blocking blocking = BlockingOf(g, pool.size());
  const size_t group_floats = PackedFloats(patch, filters);
  pool.ParallelFor(blocking.tasks() * g.group, [&](int task, int thread) {
    const int group = task / blocking.tasks();
    task %= blocking.tasks();
    const int first = task / blocking.column_blocks * blocking.rows, column = task % blocking.column_blocks * blocking.columns;
    const int rows = std::min(blocking.rows, pixels - first);
    float* const workspace = workspaces + static_cast<size_t>(thread) * per_thread;
    fill(group, first, rows, workspace);

    RowBlock block;
    block.table = reinterpret_cast<const float* const*>(workspace);
    block.taps = taps;
    block.depth = patch / taps;
    block.rows = rows;
    block.columns = std::min(blocking.columns, filters - column);
    block.b = Packed(packed + static_cast<size_t>(group) * group_floats, patch);
    block.b.data += static_cast<size_t>(column / kPanelColumns) * block.b.stride;
    const int64_t filter = int64_t{group} * filters + column;
    block.c = y + int64_t{first} * g.filters + filter;
    block.c_stride = static_cast<size_t>(g.filters);
    block.epilogue = epilogue;
    if (epilogue.bias != nullptr) block.epilogue.bias += filter;
    if (epilogue.residual != nullptr) block.epilogue.residual += int64_t{first} * epilogue.residual_stride + filter;
    RunRowBlock(block);
  });
}

}  // namespace

void RunConv(const ConvGeometry& geometry, const float* x, const float* packed, float* y, const Epilogue& epilogue,
             float* scratch, ThreadPool& pool) {
  const ConvGeometry g = Merged(geometry);
  if (g.pixels() == 0 || g.group_filters() == 0) return;
  const bool gathers = Gathers(g), joins = JoinsRowTaps(g);
  float* const zero = scratch;
  std::memset(zero, 0, ZeroFloatCount(g) * sizeof(float));
  RunBlocks(g, TapsOf(g), packed, y, epilogue, scratch + ScratchFloats(g, 0), TableFloats(g) + GatherFloats(g), pool,
            [&](int group, int first, int rows, float* workspace) {
              auto* const table = reinterpret_cast<const float**>(workspace);
              const float* const group_x = x + group * g.group_channels();
              if (gathers) {
                float* to = workspace + TableFloats(g);
                Pixel pixel(g, first);
                for (int row = 0; row < rows; ++row, pixel.Next()) {
                  table[row] = to;
                  to = GatherPatch(g, group_x, pixel, to);
                }
              } else if (joins) {
                FillRowPointers(g, x, Pixel(g, first), rows, zero, table, workspace + TableFloats(g));
              } else if (g.IsPointwise()) {
                for (int row = 0; row < rows; ++row) table[row] = group_x + static_cast<int64_t>(first + row) * g.channels;
              } else {
                FillPointers(g, group_x, Pixel(g, first), rows, zero, table);
              }
            });
}

size_t PartedConvScratchFloats(const ConvGeometry& g, const ConvParts& parts, int threads) {
  return static_cast<size_t>(threads) * PointerFloats(parts.taps(g));
}

void RunPartedConv(const ConvGeometry& g, const ConvParts& parts, const float* packed, float* y, const Epilogue& epilogue,
                   float* scratch, ThreadPool& pool) {
  if (g.pixels() == 0 || g.filters == 0) return;
  RunBlocks(g, parts.taps(g), packed, y, epilogue, scratch, PointerFloats(parts.taps(g)), pool,
            [&](int, int first, int rows, float* workspace) {
              auto* to = reinterpret_cast<const float**>(workspace);
              for (int row = 0; row < rows;) {
                const int height = NextTileRows(rows - row);
                for (int part = 0; part < parts.count; ++part) {
                  const int64_t channels = parts.channels[part];
                  const float* const from = parts.x[part] + (first + row) * channels;
                  for (int64_t channel = 0; channel < channels; channel += parts.depth) {
                    for (int r = 0; r < height; ++r) *to++ = from + r * channels + channel;
                  }
                }
                row += height;
              }
            });
}

void ScaleConvWeights(const ConvGeometry& g, const float* packed, const float* factors, float* scaled) {
  const int panels = (g.filters + kPanelColumns - 1) / kPanelColumns;
  for (int panel = 0; panel < panels; ++panel) {
    for (int channel = 0; channel < g.channels; ++channel, packed += kPanelColumns, scaled += kPanelColumns) {
      const Vec factor = LoadSplat(factors + channel);
      Store(scaled, Mul(Load(packed), factor));
      Store(scaled + 4, Mul(Load(packed + 4), factor));
    }
  }
}

void ScalePixels(const ConvGeometry& g, const float* x, const float* factors, float* scaled) {
  for (int64_t pixel = 0; pixel < g.pixels(); ++pixel, x += g.channels, scaled += g.channels) {
    // The last vector may write behind the pixel: the next one is not written yet, and the last has room.
    for (int channel = 0; channel < g.channels; channel += 4) {
      Store(scaled + channel, Mul(Load(x + channel), Load(factors + channel)));
    }
  }
}

}  // namespace webinfer::kernels
