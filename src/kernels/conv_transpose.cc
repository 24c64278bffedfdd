#include "kernels/conv_transpose.h"

#include <algorithm>
#include <cstring>

#include "kernels/gemm.h"
#include "kernels/gemm_tile.h"

namespace webinfer::kernels {
namespace {

size_t RoundUp(size_t count) { return (count + 15) / 16 * 16; }

// True if outputs whose padded position has this remainder modulo the stride see tap `tap`.
bool InPhase(const ConvGeometry& g, int axis, int remainder, int tap) {
  return (remainder - int64_t{tap} * g.dilation[axis]) % g.stride[axis] == 0;
}

int PhaseTaps(const ConvGeometry& g, int axis, int remainder) {
  int count = 0;
  for (int tap = 0; tap < g.kernel[axis]; ++tap) count += InPhase(g, axis, remainder, tap);
  return count;
}

// One phase: its remainders, how many taps it sees and how many all phases before it see.
struct Phase {
  int remainder[3];
  int taps, taps_before;
};

// Calls f(phase) for the phases in the order of their packed weights until it returns false.
template <typename F>
void ForEachPhase(const ConvGeometry& g, const F& f) {
  Phase phase{};
  for (int z = 0; z < g.stride[0]; ++z) {
    const int z_taps = PhaseTaps(g, 0, z);
    for (int y = 0; y < g.stride[1]; ++y) {
      const int zy_taps = z_taps * PhaseTaps(g, 1, y);
      for (int x = 0; x < g.stride[2]; ++x) {
        phase = {{z, y, x}, zy_taps * PhaseTaps(g, 2, x), phase.taps_before + phase.taps};
        if (!f(phase)) return;
      }
    }
  }
}

// Calls f(kz, ky, kx) for the taps of a phase, in the order of its packed depth.
template <typename F>
void ForEachTap(const ConvGeometry& g, const int* remainder, const F& f) {
  for (int kz = 0; kz < g.kernel[0]; ++kz) {
    if (!InPhase(g, 0, remainder[0], kz)) continue;
    for (int ky = 0; ky < g.kernel[1]; ++ky) {
      if (!InPhase(g, 1, remainder[1], ky)) continue;
      for (int kx = 0; kx < g.kernel[2]; ++kx) {
        if (InPhase(g, 2, remainder[2], kx)) f(kz, ky, kx);
      }
    }
  }
}

size_t TapFloats(const ConvGeometry& g) { return PackedFloats(g.group_channels(), g.group_filters()); }

int InputPosition(const ConvGeometry& g, int axis, int out, int tap) {
  return (out + g.pad[axis] - tap * g.dilation[axis]) / g.stride[axis];  // exact within a phase, checked against `in` by callers
}

// Pointers of output pixels (at[0], at[1], first + i * stride) in RowBlock's order.
void FillPointers(const ConvGeometry& g, const float* x, const int* at, int first, int rows, const Phase& phase,
                  const float* zero, const float** table) {
  for (int row = 0; row < rows;) {
    const int height = NextTileRows(rows - row);
    for (int r = 0; r < height; ++r) {
      const int column = first + (row + r) * g.stride[2];
      const float** to = table + r;
      ForEachTap(g, phase.remainder, [&](int kz, int ky, int kx) {
        const int position[3] = {InputPosition(g, 0, at[0], kz), InputPosition(g, 1, at[1], ky), InputPosition(g, 2, column, kx)};
        const int taps[3] = {kz, ky, kx}, out[3] = {at[0], at[1], column};
        bool inside = true;
        for (int axis = 0; axis < 3; ++axis) {
          inside = inside && out[axis] + g.pad[axis] - taps[axis] * g.dilation[axis] >= 0 && position[axis] < g.in[axis];
        }
        const int64_t pixel = (int64_t{position[0]} * g.in[1] + position[1]) * g.in[2] + position[2];
        *to = inside ? x + pixel * g.channels : zero;
        to += height;
      });
    }
    table += height * phase.taps;
    row += height;
  }
}

size_t TableFloats(const ConvGeometry& g) {
  return RoundUp(static_cast<size_t>(kMostBlockRows * g.taps()) * sizeof(const float*) / sizeof(float));
}

}  // namespace

size_t PackedConvTransposeFloats(const ConvGeometry& g) {
  return static_cast<size_t>(g.group) * static_cast<size_t>(g.taps()) * TapFloats(g);
}

void PackConvTransposeWeights(const ConvGeometry& g, const float* weights, float* packed) {
  const int channels = g.group_channels(), filters = g.group_filters(), taps = g.taps();
  for (int group = 0; group < g.group; ++group) {
    const float* from = weights + int64_t{group} * channels * filters * taps;
    ForEachPhase(g, [&](const Phase& phase) {
      for (int panel = 0; panel < filters; panel += kPanelColumns) {
        ForEachTap(g, phase.remainder, [&](int kz, int ky, int kx) {
          const int tap = (kz * g.kernel[1] + ky) * g.kernel[2] + kx;
          for (int channel = 0; channel < channels; ++channel) {
            for (int j = panel; j < panel + kPanelColumns; ++j) {
              *packed++ = j < filters ? from[(int64_t{channel} * filters + j) * taps + tap] : 0;
            }
          }
        });
      }
      return true;
    });
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
    ForEachPhase(g, [&](const Phase& phase) {
      if ((at[0] + g.pad[0]) % g.stride[0] != phase.remainder[0] || (at[1] + g.pad[1]) % g.stride[1] != phase.remainder[1])
        return true;
      int first = (phase.remainder[2] - g.pad[2] % g.stride[2] + g.stride[2]) % g.stride[2];
      for (; first < g.out[2]; first += kMostBlockRows * g.stride[2]) {
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
      return true;
    });
  });
}

}  // namespace webinfer::kernels
