#include "kernels/conv_transpose.h"

#include <algorithm>
#include <climits>
#include <cstring>

#include "kernels/gemm.h"
#include "kernels/gemm_tile.h"

namespace webinfer::kernels {
namespace {

size_t RoundUp(size_t count) { return (count + 15) / 16 * 16; }

// Outputs whose padded position has this remainder modulo the stride see tap `tap`.
int RemainderOfTap(const ConvGeometry& g, int axis, int tap) {
  return static_cast<int>(int64_t{tap} * g.dilation[axis] % g.stride[axis]);
}

// Of output position `out`; pads may be negative.
int RemainderOf(const ConvGeometry& g, int axis, int out) {
  const int remainder = (out + g.pad[axis]) % g.stride[axis];
  return remainder < 0 ? remainder + g.stride[axis] : remainder;
}

struct TapCount {
  int before = 0, here = 0;  // taps of smaller remainders, and of this one
};
TapCount CountTaps(const ConvGeometry& g, int axis, int remainder) {
  TapCount count;
  for (int tap = 0; tap < g.kernel[axis]; ++tap) {
    const int of_tap = RemainderOfTap(g, axis, tap);
    count.before += of_tap < remainder;
    count.here += of_tap == remainder;
  }
  return count;
}

// One phase: its remainders, how many taps it sees and how many all phases before it see.
struct Phase {
  int remainder[3];
  int taps, taps_before;

  Phase(const ConvGeometry& g, int z, int y, int x) : remainder{z, y, x} {
    const TapCount in_z = CountTaps(g, 0, z), in_y = CountTaps(g, 1, y), in_x = CountTaps(g, 2, x);
    taps = in_z.here * in_y.here * in_x.here;
    taps_before = (in_z.before * g.kernel[1] + in_z.here * in_y.before) * g.kernel[2] + in_z.here * in_y.here * in_x.before;
  }
};

// Calls f(kz, ky, kx) for the taps of a phase, in the order of its packed depth.
template <typename F>
void ForEachTap(const ConvGeometry& g, const int* remainder, const F& f) {
  for (int kz = 0; kz < g.kernel[0]; ++kz) {
    if (RemainderOfTap(g, 0, kz) != remainder[0]) continue;
    for (int ky = 0; ky < g.kernel[1]; ++ky) {
      if (RemainderOfTap(g, 1, ky) != remainder[1]) continue;
      for (int kx = 0; kx < g.kernel[2]; ++kx) {
        if (RemainderOfTap(g, 2, kx) == remainder[2]) f(kz, ky, kx);
      }
    }
  }
}

size_t TapFloats(const ConvGeometry& g) { return PackedFloats(g.group_channels(), g.group_filters()); }

// Where tap `tap` of axis `axis` finds output `out`; false outside the image. Within a phase the division is exact.
bool InputPosition(const ConvGeometry& g, int axis, int out, int tap, int* position) {
  const int at = out + g.pad[axis] - tap * g.dilation[axis];
  *position = at / g.stride[axis];
  return at >= 0 && *position < g.in[axis];
}

// Pointers of output pixels (at[0], at[1], first + i * stride) in RowBlock's order.
void FillPointers(const ConvGeometry& g, const float* x, const int* at, int first, int rows, const Phase& phase,
                  const float* zero, const float** table) {
  const float** to = table;
  for (int row = 0; row < rows;) {
    const int height = NextTileRows(rows - row);
    ForEachTap(g, phase.remainder, [&](int kz, int ky, int kx) {
      int z = 0, y = 0;
      const bool inside = InputPosition(g, 0, at[0], kz, &z) && InputPosition(g, 1, at[1], ky, &y);
      const float* image_row = inside ? x + (int64_t{z} * g.in[1] + y) * g.in[2] * g.channels : nullptr;
      for (int r = 0; r < height; ++r) {
        int position = 0;
        const bool found = inside && InputPosition(g, 2, first + (row + r) * g.stride[2], kx, &position);
        *to++ = found ? image_row + int64_t{position} * g.channels : zero;
      }
    });
    row += height;
  }
}

size_t TableFloats(const ConvGeometry& g) {
  return RoundUp(static_cast<size_t>(kMostBlockRows * g.taps()) * sizeof(const float*) / sizeof(float));
}

}  // namespace

int JoinColumns(bool unpadded, ConvGeometry* g) {
  const int width = g->kernel[2];
  if (!unpadded || width != g->stride[2] || g->dilation[2] != 1 || g->group != 1 || g->filters > INT_MAX / width) return 1;
  g->filters *= width;
  g->out[2] = g->in[2];
  g->kernel[2] = g->stride[2] = 1;
  return width;
}

size_t PackedConvTransposeFloats(const ConvGeometry& g) {
  return static_cast<size_t>(g.group) * static_cast<size_t>(g.taps()) * TapFloats(g);
}

void PackConvTransposeWeights(const ConvGeometry& g, const float* weights, float* packed, int joined) {
  const int channels = g.group_channels(), filters = g.group_filters(), taps = g.taps() * joined, own = filters / joined;
  for (int group = 0; group < g.group; ++group) {
    const float* from = weights + int64_t{group} * channels * own * taps;
    const auto pack_phase = [&](const Phase& phase) {
      for (int panel = 0; panel < filters; panel += kPanelColumns) {
        ForEachTap(g, phase.remainder, [&](int kz, int ky, int kx) {
          const int tap = ((kz * g.kernel[1] + ky) * g.kernel[2] + kx) * joined;
          for (int channel = 0; channel < channels; ++channel) {
            for (int j = panel; j < panel + kPanelColumns; ++j) {
              *packed++ = j < filters ? from[(int64_t{channel} * own + j % own) * taps + tap + j / own] : 0;
            }
          }
        });
      }
    };
    for (int z = 0; z < g.stride[0]; ++z) {
      if (CountTaps(g, 0, z).here == 0) continue;
      for (int y = 0; y < g.stride[1]; ++y) {
        if (CountTaps(g, 1, y).here == 0) continue;
        for (int x = 0; x < g.stride[2]; ++x) pack_phase(Phase(g, z, y, x));
      }
    }
  }
}

size_t ConvTransposeScratchFloats(const ConvGeometry& g, int threads) {
  return RoundUp(static_cast<size_t>(g.group_channels())) + static_cast<size_t>(threads) * TableFloats(g);
}

void RunConvTranspose(const ConvGeometry& g, const float* x, const float* packed, float* y, const Epilogue& epilogue,
                      float* scratch, ThreadPool& pool) {
  const float* const zero = scratch;
  std::memset(scratch, 0, static_cast<size_t>(g.group_channels()) * sizeof(float));
  float* const tables = scratch + ConvTransposeScratchFloats(g, 0);
  const int rows_per_image = g.out[0] * g.out[1], filters = g.group_filters();
  const int64_t image_floats = int64_t{g.in[0]} * g.in[1] * g.in[2] * g.channels;

  pool.ParallelFor(g.batch * rows_per_image * g.group, [&](int task, int thread) {
    const int group = task % g.group, row = task / g.group;
    const int at[2] = {row % rows_per_image / g.out[1], row % g.out[1]};
    const float* group_x = x + row / rows_per_image * image_floats + group * g.group_channels();
    const float* group_weights = packed + static_cast<size_t>(group) * static_cast<size_t>(g.taps()) * TapFloats(g);
    auto* const table = reinterpret_cast<const float**>(tables + static_cast<size_t>(thread) * TableFloats(g));
    for (int column = 0; column < std::min(g.stride[2], g.out[2]); ++column) {
      const Phase phase(g, RemainderOf(g, 0, at[0]), RemainderOf(g, 1, at[1]), RemainderOf(g, 2, column));
      for (int first = column; first < g.out[2]; first += kMostBlockRows * g.stride[2]) {
        RowBlock block;
        block.rows = std::min(kMostBlockRows, (g.out[2] - first + g.stride[2] - 1) / g.stride[2]);
        FillPointers(g, group_x, at, first, block.rows, phase, zero, table);
        block.table = table;
        block.taps = phase.taps;
        block.depth = g.group_channels();
        block.columns = filters;
        block.b = Packed(group_weights + static_cast<size_t>(phase.taps_before) * TapFloats(g), phase.taps * g.group_channels());
        const int64_t out = (int64_t{row} * g.out[2] + first) * g.filters + int64_t{group} * filters;
        block.c = y + out;
        block.c_stride = static_cast<size_t>(g.stride[2]) * static_cast<size_t>(g.filters);
        block.epilogue = epilogue;
        if (epilogue.bias != nullptr) block.epilogue.bias += int64_t{group} * filters;
        RunRowBlock(block);
      }
    }
  });
}

}  // namespace webinfer::kernels
