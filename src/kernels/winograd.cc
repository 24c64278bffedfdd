#include "kernels/winograd.h"

#include <algorithm>
#include <cstring>

#include "kernels/activation.h"
#include "kernels/gemm.h"
#include "kernels/gemm_tile.h"
#include "kernels/winograd_transform.h"

namespace webinfer::kernels {
namespace {

constexpr int kTile = kWinogradTile, kPatch = kTile + 2, kPositions = kPatch * kPatch;
constexpr size_t kBlockFloats = size_t{256} << 10;  // transformed input and output of a block of tiles
constexpr size_t kLargeWeights = size_t{4} << 20;   // floats; beyond, few pixels do not pay for streaming them

size_t RoundUp(int count, size_t to) { return (static_cast<size_t>(count) + to - 1) / to * to; }

struct Tiles {
  int down, across;
  explicit Tiles(const ConvGeometry& g) : down((g.out[1] + kTile - 1) / kTile), across((g.out[2] + kTile - 1) / kTile) {}
  int count(const ConvGeometry& g) const { return g.batch * down * across; }
};

struct TilePlace {
  int image, top, left;
  TilePlace(const Tiles& tiles, int index)
      : image(index / (tiles.down * tiles.across)),
        top(index / tiles.across % tiles.down * kTile),
        left(index % tiles.across * kTile) {}
};

// Tiles that are transformed together: enough rows for the GEMM, few enough to stay in the second-level cache.
int TilesPerBlock(const ConvGeometry& g, int threads) {
  const size_t per_tile = kPositions * (RoundUp(g.channels, 4) + RoundUp(g.filters, kPanelColumns));
  const int fitting = std::max(static_cast<int>(kBlockFloats / per_tile), 3 * kTileRows) / kTileRows * kTileRows;
  const int share = (Tiles(g).count(g) + threads - 1) / threads;
  return std::max(1, std::min(fitting, share));
}

size_t ThreadFloats(const ConvGeometry& g, int threads) {
  return static_cast<size_t>(TilesPerBlock(g, threads)) * kPositions *
         (RoundUp(g.channels, 4) + RoundUp(g.filters, kPanelColumns));
}

// All channels of one tile; position p goes to v + p * v_step.
WEBINFER_NOINLINE void LoadTile(const ConvGeometry& g, const float* x, const TilePlace& place, const float* zero, float* v,
                                size_t v_step) {
  const float* inputs[kPatch][kPatch];
  const float* image = x + int64_t{place.image} * g.in[1] * g.in[2] * g.channels;
  for (int i = 0; i < kPatch; ++i) {
    for (int j = 0; j < kPatch; ++j) {
      const int row = place.top - g.pad[1] + i, column = place.left - g.pad[2] + j;
      const bool inside = row >= 0 && row < g.in[1] && column >= 0 && column < g.in[2];
      inputs[i][j] = inside ? image + (int64_t{row} * g.in[2] + column) * g.channels : zero;
    }
  }
  const InputConstants3 constants;
  WEBINFER_NO_UNROLL
  for (int channel = 0; channel < g.channels; channel += 4) {
    Vec half[kPatch][kPatch];
    WEBINFER_NO_UNROLL
    for (int j = 0; j < kPatch; ++j) {
      Vec d[kPatch], out[kPatch];
      for (int i = 0; i < kPatch; ++i) d[i] = Load(inputs[i][j] + channel);
      TransformInput3(d, out, constants);
      for (int i = 0; i < kPatch; ++i) half[i][j] = out[i];
    }
    float* to = v + channel;
    WEBINFER_NO_UNROLL
    for (int i = 0; i < kPatch; ++i) {
      Vec out[kPatch];
      TransformInput3(half[i], out, constants);
      for (int j = 0; j < kPatch; ++j, to += v_step) Store(to, out[j]);
    }
  }
}

// All filters of one tile, with the epilogue; position p comes from m + p * m_step.
WEBINFER_NOINLINE void StoreTile(const ConvGeometry& g, const float* m, size_t m_step, const TilePlace& place,
                                 const TileEpilogue& e, float* y) {
  const int rows = std::min(kTile, g.out[1] - place.top), columns = std::min(kTile, g.out[2] - place.left);
  const OutputConstants3 constants;
  const Vec low = Opaque(e.low), high = Opaque(e.high);
  const int64_t first_pixel = (int64_t{place.image} * g.out[1] + place.top) * g.out[2] + place.left;
  WEBINFER_NO_UNROLL
  for (int filter = 0; filter < g.filters; filter += 4) {
    Vec half[kTile][kPatch];
    WEBINFER_NO_UNROLL
    for (int j = 0; j < kPatch; ++j) {
      Vec d[kPatch], out[kTile];
      for (int i = 0; i < kPatch; ++i) d[i] = Load(m + static_cast<size_t>(i * kPatch + j) * m_step + filter);
      TransformOutput3(d, out, constants);
      for (int i = 0; i < kTile; ++i) half[i][j] = out[i];
    }
    const Vec bias = e.bias != nullptr ? Load(e.bias + filter) : Zero();
    WEBINFER_NO_UNROLL
    for (int i = 0; i < rows; ++i) {
      Vec out[kTile];
      TransformOutput3(half[i], out, constants);
      const int64_t at = (first_pixel + int64_t{i} * g.out[2]) * g.filters + filter;
      for (int j = 0; j < columns; ++j) {
        const int64_t pixel = at + int64_t{j} * g.filters;
        Vec sum = Add(out[j], bias);
        if (e.residual != nullptr && !e.residual_last) sum = Add(sum, Load(e.residual + pixel));
        if (e.clamp) sum = FastMin(FastMax(sum, low), high);
        if (e.residual != nullptr && e.residual_last) sum = Add(sum, Load(e.residual + pixel));
        StorePartial(y + pixel, sum, g.filters - filter);
      }
    }
  }
}

void FinishTile(const ConvGeometry& g, const TilePlace& place, const Epilogue& epilogue, float* y) {
  if (IsClamp(epilogue)) return;
  const int rows = std::min(kTile, g.out[1] - place.top), columns = std::min(kTile, g.out[2] - place.left);
  for (int i = 0; i < rows; ++i) {
    const int64_t at = ((int64_t{place.image} * g.out[1] + place.top + i) * g.out[2] + place.left) * g.filters;
    Epilogue here = epilogue;
    if (here.residual != nullptr) here.residual += at;
    FinishRows(here, y + at, static_cast<size_t>(g.filters), columns, g.filters);
  }
}

}  // namespace

bool AllowsWinograd(const ConvGeometry& g) {
  return g.group == 1 && g.kernel[0] == 1 && g.kernel[1] == 3 && g.kernel[2] == 3 && g.stride[1] == 1 && g.stride[2] == 1 &&
         g.dilation[1] == 1 && g.dilation[2] == 1 && g.channels >= 16 && g.filters >= 16;
}

bool PrefersWinograd(const ConvGeometry& g) {
  if (!AllowsWinograd(g) || g.in[0] != 1 || g.out[1] < 5 || g.out[2] < 5) return false;
  return PackedWinogradFloats(g) <= kLargeWeights || g.pixels() >= 100;
}

size_t PackedWinogradFloats(const ConvGeometry& g) { return kPositions * PackedFloats(g.channels, g.filters); }

void PackWinogradWeights(const ConvGeometry& g, const float* weights, float* packed) {
  static const WinogradFactors<3> matrix(kWinogradPoints3);
  const size_t position_floats = PackedFloats(g.channels, g.filters);
  std::memset(packed, 0, PackedWinogradFloats(g) * sizeof(float));
  for (int filter = 0; filter < g.filters; ++filter) {
    for (int channel = 0; channel < g.channels; ++channel, weights += 9) {
      double half[kPatch][3];
      for (int i = 0; i < kPatch; ++i) {
        for (int x = 0; x < 3; ++x) {
          half[i][x] = matrix.g[i][0] * weights[x] + matrix.g[i][1] * weights[3 + x] + matrix.g[i][2] * weights[6 + x];
        }
      }
      float* to = packed +
                  (static_cast<size_t>(filter / kPanelColumns) * static_cast<size_t>(g.channels) + static_cast<size_t>(channel)) *
                      kPanelColumns +
                  filter % kPanelColumns;
      for (int i = 0; i < kPatch; ++i) {
        for (int j = 0; j < kPatch; ++j, to += position_floats) {
          *to = static_cast<float>(half[i][0] * matrix.g[j][0] + half[i][1] * matrix.g[j][1] + half[i][2] * matrix.g[j][2]);
        }
      }
    }
  }
}

size_t WinogradScratchFloats(const ConvGeometry& g, int threads) {
  return RoundUp(g.channels + 4, 16) + static_cast<size_t>(threads) * RoundUp(static_cast<int>(ThreadFloats(g, threads)), 16);
}

void RunWinograd(const ConvGeometry& g, const float* x, const float* packed, float* y, const Epilogue& epilogue, float* scratch,
                 ThreadPool& pool) {
  const Tiles tiles(g);
  const int count = tiles.count(g), per_block = TilesPerBlock(g, pool.size());
  const size_t thread_floats = RoundUp(static_cast<int>(ThreadFloats(g, pool.size())), 16);
  const size_t v_stride = RoundUp(g.channels, 4), m_stride = RoundUp(g.filters, kPanelColumns);
  const size_t v_step = v_stride * static_cast<size_t>(per_block), m_step = m_stride * static_cast<size_t>(per_block);
  const float* const zero = scratch;
  float* const workspaces = scratch + RoundUp(g.channels + 4, 16);
  std::memset(scratch, 0, RoundUp(g.channels + 4, 16) * sizeof(float));
  const TileEpilogue tile_epilogue = TilePart(epilogue);

  pool.ParallelFor((count + per_block - 1) / per_block, [&](int task, int thread) {
    float* const v = workspaces + static_cast<size_t>(thread) * thread_floats;
    float* const m = v + kPositions * v_step;
    const int first = task * per_block, here = std::min(per_block, count - first);
    for (int i = 0; i < here; ++i)
      LoadTile(g, x, TilePlace(tiles, first + i), zero, v + static_cast<size_t>(i) * v_stride, v_step);
    for (size_t position = 0; position < kPositions; ++position) {
      Gemm gemm;
      gemm.a = v + position * v_step;
      gemm.a_stride = v_stride;
      gemm.b = Packed(packed + position * PackedFloats(g.channels, g.filters), g.channels);
      gemm.c = m + position * m_step;
      gemm.c_stride = m_stride;
      gemm.m = here;
      gemm.n = static_cast<int>(m_stride);
      gemm.k = g.channels;
      RunGemm(gemm);
    }
    for (int i = 0; i < here; ++i) {
      const TilePlace place(tiles, first + i);
      StoreTile(g, m + static_cast<size_t>(i) * m_stride, m_step, place, tile_epilogue, y);
      FinishTile(g, place, epilogue, y);
    }
  });
}

}  // namespace webinfer::kernels
