#include "kernels/winograd_line.h"

#include <algorithm>
#include <cstring>

#include "kernels/activation.h"
#include "kernels/gemm.h"
#include "kernels/gemm_tile.h"
#include "kernels/winograd_transform.h"

namespace webinfer::kernels {
namespace {

constexpr int kTile = kWinogradTile, kMostPositions = kTile + 3;
constexpr size_t kBlockFloats = size_t{192} << 10;  // transformed input and output of a block: less than the second-level cache
constexpr size_t kLargeWeights = size_t{4} << 20;   // floats; beyond, few pixels do not pay for streaming them
constexpr int kFewPixels = 100;
constexpr int kLeastOutputs = 5;  // along the line
constexpr int kLeastChannels = 8, kLeastProducts = 8 * 16;

int LineAxis(const ConvGeometry& g) { return g.kernel[2] > 1 ? 2 : 1; }

// Taps of a chunk: three only where the kernel has no more.
int ChunkTaps(const ConvGeometry& g) { return g.taps() == 3 ? 3 : 4; }
int Chunks(const ConvGeometry& g) { return (g.taps() + ChunkTaps(g) - 1) / ChunkTaps(g); }
size_t Positions(const ConvGeometry& g) { return static_cast<size_t>(kTile + ChunkTaps(g) - 1); }

size_t RoundUp(size_t count, size_t to) { return (count + to - 1) / to * to; }

// Lines of outputs. Each line falls into `dilation` phases that do not see each other; a phase is cut into segments of tiles.
struct Lines {
  int axis, length, dilation, cross;  // cross: lines of an image
  int tiles, segments;                // of a whole phase; segments of a phase
  int per_segment;                    // tiles
  int64_t in_step, out_step;          // pixels between neighbours along the line

  Lines(const ConvGeometry& g, int most_tiles) : axis(LineAxis(g)), length(g.out[axis]), dilation(g.dilation[axis]) {
    cross = g.out[3 - axis];
    tiles = ((length + dilation - 1) / dilation + kTile - 1) / kTile;
    segments = (tiles + most_tiles - 1) / most_tiles;
    per_segment = (tiles + segments - 1) / segments;
    in_step = axis == 2 ? 1 : g.in[2];
    out_step = axis == 2 ? 1 : g.out[2];
  }
  int count(const ConvGeometry& g) const { return g.batch * cross * dilation * segments; }
};

// One segment: where its first output and input lie.
struct Segment {
  const float* x;  // the line's pixel at position 0
  float* y;
  const float* residual;
  int first;  // position of the first output
  int tiles;

  Segment(const ConvGeometry& g, const Lines& lines, int index, const float* image, float* out, const Epilogue& e) {
    const int part = index % lines.segments, phase = index / lines.segments % lines.dilation;
    const int line = index / (lines.segments * lines.dilation) % lines.cross;
    const int64_t n = index / (lines.segments * lines.dilation * lines.cross);
    const bool across = lines.axis == 2;  // lines are rows
    // The other axis has a kernel of one tap and neither stride nor padding.
    x = image + (n * g.in[1] * g.in[2] + int64_t{line} * (across ? g.in[2] : 1)) * g.channels;
    const int64_t pixel = n * g.out[1] * g.out[2] + int64_t{line} * (across ? g.out[2] : 1);
    y = out + pixel * g.filters;
    residual = e.residual == nullptr ? nullptr : e.residual + pixel * g.filters;
    first = phase + part * lines.per_segment * kTile * lines.dilation;
    const int left = (lines.length - first + lines.dilation - 1) / lines.dilation;  // outputs of the phase from here on
    tiles = std::clamp((left + kTile - 1) / kTile, 0, lines.per_segment);
  }
};

struct ThreeTaps {
  static constexpr int kPositions = 6;
  using Input = InputConstants3;
  using Output = OutputConstants3;
  static WEBINFER_INLINE void Transform(const Vec* d, Vec* out, const Input& k) { TransformInput3(d, out, k); }
  static WEBINFER_INLINE void Transform(const Vec* m, Vec* out, const Output& k) { TransformOutput3(m, out, k); }
};
struct FourTaps {
  static constexpr int kPositions = 7;
  using Input = InputConstants4;
  using Output = OutputConstants4;
  static WEBINFER_INLINE void Transform(const Vec* d, Vec* out, const Input& k) { TransformInput4(d, out, k); }
  static WEBINFER_INLINE void Transform(const Vec* m, Vec* out, const Output& k) { TransformOutput4(m, out, k); }
};

// All channels of one tile; `inputs` are its pixels, position p goes to v + p * v_step.
template <typename Method>
WEBINFER_NOINLINE void LoadTile(const float* const* inputs, int channels, float* v, size_t v_step) {
  const typename Method::Input k;
  WEBINFER_NO_UNROLL
  for (int channel = 0; channel < channels; channel += 4) {
    Vec d[Method::kPositions], out[Method::kPositions];
    WEBINFER_UNROLL
    for (int i = 0; i < Method::kPositions; ++i) d[i] = Load(inputs[i] + channel);
    Method::Transform(d, out, k);
    float* to = v + channel;
    WEBINFER_UNROLL
    for (int i = 0; i < Method::kPositions; ++i, to += v_step) Store(to, out[i]);
  }
}

// All filters of one tile, with the epilogue; position p comes from m + p * m_step. Output i goes to y + i * y_step.
template <typename Method>
WEBINFER_NOINLINE void StoreTile(const float* m, size_t m_step, int filters, int count, const TileEpilogue& e, float* y,
                                 size_t y_step) {
  const typename Method::Output k;
  const Vec low = Opaque(e.low), high = Opaque(e.high);
  const float *const bias = e.bias, *const residual = e.residual;
  const bool clamp = e.clamp, last = e.residual_last;
  WEBINFER_NO_UNROLL
  for (int filter = 0; filter < filters; filter += 4, m += 4) {
    Vec d[Method::kPositions], out[kTile];
    WEBINFER_UNROLL
    for (size_t i = 0; i < Method::kPositions; ++i) d[i] = Load(m + i * m_step);
    Method::Transform(d, out, k);
    const Vec add = bias != nullptr ? Load(bias + filter) : Zero();
    WEBINFER_UNROLL
    for (int i = 0; i < kTile; ++i) {
      if (i >= count) break;
      const size_t at = static_cast<size_t>(i) * y_step + static_cast<size_t>(filter);
      Vec sum = Add(out[i], add);
      if (residual != nullptr && !last) sum = Add(sum, Load(residual + at));
      if (clamp) sum = FastMin(FastMax(sum, low), high);
      if (residual != nullptr && last) sum = Add(sum, Load(residual + at));
      StorePartial(y + at, sum, filters - filter);
    }
  }
}

// How much is transformed together.
struct Sizes {
  size_t v_stride, m_stride;  // floats of a tile's position
  int most_tiles;             // of a block; V has `halo` more for each segment
  int halo;
  size_t positions;

  explicit Sizes(const ConvGeometry& g)
      : v_stride(RoundUp(static_cast<size_t>(g.channels), 4)),
        m_stride(RoundUp(static_cast<size_t>(g.filters), kPanelColumns)),
        halo(Chunks(g) - 1),
        positions(Positions(g)) {
    const size_t per_tile = positions * (v_stride + m_stride);
    const auto fitting = static_cast<int>(std::min<size_t>(kBlockFloats / per_tile, 4 * kMostBlockRows));
    most_tiles = std::max(fitting, 4 * kTileRows) / kTileRows * kTileRows;
  }
  size_t v_tiles(int segments) const {
    return static_cast<size_t>(most_tiles) + static_cast<size_t>(segments) * static_cast<size_t>(halo);
  }
};

// Segments that make a block; several short ones, or one.
int SegmentsPerBlock(const Lines& lines, const Sizes& sizes, int count, int threads) {
  const int fitting = std::max(1, sizes.most_tiles / std::max(1, lines.per_segment));
  return std::min(fitting, std::max(1, (count + threads - 1) / threads));
}

size_t PointerFloats(int chunks) {
  return RoundUp(static_cast<size_t>(kMostBlockRows) * static_cast<size_t>(chunks) * sizeof(const float*) / sizeof(float), 16);
}

size_t ThreadFloats(const ConvGeometry& g, int threads) {
  const Sizes sizes(g);
  const Lines lines(g, sizes.most_tiles);
  const int segments = SegmentsPerBlock(lines, sizes, lines.count(g), threads);
  return RoundUp(sizes.v_tiles(segments) * sizes.positions * sizes.v_stride, 16) +
         RoundUp(static_cast<size_t>(sizes.most_tiles) * sizes.positions * sizes.m_stride, 16) + PointerFloats(Chunks(g)) +
         RoundUp(static_cast<size_t>(sizes.most_tiles), 16);
}

size_t ZeroFloats(const ConvGeometry& g) { return RoundUp(static_cast<size_t>(g.channels) + 4, 16); }

// A block of segments: transforms, products, transforms.
class Block {
 public:
  Block(const ConvGeometry& g, const Sizes& sizes, const Lines& lines, int segments, const float* zero, float* workspace)
      : g_(g), sizes_(sizes), lines_(lines), three_(ChunkTaps(g) == 3), zero_(zero), v_(workspace) {
    v_step_ = sizes.v_tiles(segments) * sizes.v_stride;
    m_step_ = static_cast<size_t>(sizes.most_tiles) * sizes.m_stride;
    m_ = v_ + RoundUp(sizes.positions * v_step_, 16);
    float* const tables = m_ + RoundUp(sizes.positions * m_step_, 16);
    table_ = reinterpret_cast<const float**>(tables);
    tile_of_row_ = reinterpret_cast<int32_t*>(tables + PointerFloats(Chunks(g)));
  }

  // Adds a segment's tiles.
  void Read(const Segment& segment) {
    const int step = g_.dilation[lines_.axis], size = g_.in[lines_.axis];
    const int64_t pixel = lines_.in_step * g_.channels;
    for (int tile = 0; tile < segment.tiles + sizes_.halo; ++tile, ++v_tiles_) {
      if (tile < segment.tiles) tile_of_row_[rows_++] = static_cast<int32_t>(v_tiles_);
      const float* inputs[kMostPositions];
      int at = segment.first + tile * kTile * step - g_.pad[lines_.axis];
      for (size_t i = 0; i < sizes_.positions; ++i, at += step) inputs[i] = at >= 0 && at < size ? segment.x + at * pixel : zero_;
      (three_ ? LoadTile<ThreeTaps> : LoadTile<FourTaps>)(inputs, g_.channels, v_ + v_tiles_ * sizes_.v_stride, v_step_);
    }
  }

  // All tiles of the block at each position.
  void Multiply(const float* packed) {
    const int chunks = Chunks(g_), depth = chunks * g_.channels;
    for (size_t position = 0; position < sizes_.positions; ++position, packed += PackedFloats(depth, g_.filters)) {
      for (int first = 0; first < rows_; first += kMostBlockRows) {
        RowBlock block;
        block.rows = std::min(kMostBlockRows, rows_ - first);
        FillTable(v_ + position * v_step_, first, block.rows, chunks);
        block.table = table_;
        block.taps = chunks;
        block.depth = g_.channels;
        block.columns = static_cast<int>(sizes_.m_stride);
        block.b = Packed(packed, depth);
        block.c = m_ + position * m_step_ + static_cast<size_t>(first) * sizes_.m_stride;
        block.c_stride = sizes_.m_stride;
        RunRowBlock(block);
      }
    }
  }

  void Write(const Segment& segment, const TileEpilogue& tile_epilogue, const Epilogue& epilogue) {
    const int step = g_.dilation[lines_.axis];
    const int64_t pixel = lines_.out_step * g_.filters;
    for (int tile = 0; tile < segment.tiles; ++tile, ++m_tiles_) {
      const int at = segment.first + tile * kTile * step;
      const int count = std::min(kTile, (lines_.length - at + step - 1) / step);
      TileEpilogue e = tile_epilogue;
      if (e.residual != nullptr) e.residual = segment.residual + at * pixel;
      float* y = segment.y + at * pixel;
      (three_ ? StoreTile<ThreeTaps> : StoreTile<FourTaps>)(m_ + m_tiles_ * sizes_.m_stride, m_step_, g_.filters, count, e, y,
                                                            static_cast<size_t>(step * pixel));
      Epilogue rest = epilogue;
      if (rest.residual != nullptr) rest.residual = segment.residual + at * pixel;
      rest.residual_stride = step * pixel;
      FinishRows(rest, y, static_cast<size_t>(step * pixel), count, g_.filters);
    }
  }

 private:
  void FillTable(const float* v, int first, int rows, int chunks) {
    const float** to = table_;
    for (int row = first; row < first + rows;) {
      const int height = NextTileRows(first + rows - row);
      for (int chunk = 0; chunk < chunks; ++chunk) {
        for (int r = 0; r < height; ++r) *to++ = v + static_cast<size_t>(tile_of_row_[row + r] + chunk) * sizes_.v_stride;
      }
      row += height;
    }
  }

  const ConvGeometry& g_;
  const Sizes& sizes_;
  const Lines& lines_;
  const bool three_;
  const float* const zero_;
  float *v_, *m_;
  const float** table_;
  int32_t* tile_of_row_;  // the tile of V that a row of M begins with
  size_t v_step_, m_step_, v_tiles_ = 0, m_tiles_ = 0;
  int rows_ = 0;
};

}  // namespace

bool AllowsWinogradLine(const ConvGeometry& g) {
  const int axis = LineAxis(g), cross = 3 - axis;
  return g.group == 1 && g.kernel[0] == 1 && g.kernel[cross] == 1 && g.kernel[axis] >= 3 && g.stride[0] == 1 &&
         g.stride[1] == 1 && g.stride[2] == 1 && g.pad[0] == 0 && g.pad[cross] == 0 && g.channels >= kLeastChannels &&
         g.filters >= kLeastChannels && int64_t{g.channels} * g.filters * Chunks(g) >= kLeastProducts;
}

bool PrefersWinogradLine(const ConvGeometry& g) {
  const int axis = LineAxis(g), cross = 3 - axis;
  return AllowsWinogradLine(g) && g.in[0] == 1 && g.out[0] == 1 && g.out[cross] == g.in[cross] &&
         g.out[axis] >= kLeastOutputs * g.dilation[axis] &&
         (PackedWinogradLineFloats(g) <= kLargeWeights || g.pixels() >= kFewPixels);
}

size_t PackedWinogradLineFloats(const ConvGeometry& g) { return Positions(g) * PackedFloats(Chunks(g) * g.channels, g.filters); }

void PackWinogradLineWeights(const ConvGeometry& g, const float* weights, float* packed) {
  static const WinogradFactors<3> three(kWinogradPoints3);
  static const WinogradFactors<4> four(kWinogradPoints4);
  const int taps = g.taps(), depth = Chunks(g) * g.channels, chunk_taps = ChunkTaps(g);
  const size_t position_floats = PackedFloats(depth, g.filters);
  std::memset(packed, 0, PackedWinogradLineFloats(g) * sizeof(float));
  for (int filter = 0; filter < g.filters; ++filter) {
    for (int channel = 0; channel < g.channels; ++channel, weights += taps) {
      for (int chunk = 0; chunk < Chunks(g); ++chunk) {
        const size_t row = static_cast<size_t>(filter / kPanelColumns) * static_cast<size_t>(depth) +
                           static_cast<size_t>(chunk * g.channels + channel);
        float* to = packed + row * kPanelColumns + filter % kPanelColumns;
        for (size_t position = 0; position < Positions(g); ++position, to += position_floats) {
          const double* const factors = chunk_taps == 3 ? three.g[position] : four.g[position];
          double sum = 0;
          for (int k = 0; k < chunk_taps && chunk * chunk_taps + k < taps; ++k) {
            sum += factors[k] * static_cast<double>(weights[chunk * chunk_taps + k]);
          }
          *to = static_cast<float>(sum);
        }
      }
    }
  }
}

size_t WinogradLineScratchFloats(const ConvGeometry& g, int threads) {
  return ZeroFloats(g) + static_cast<size_t>(threads) * ThreadFloats(g, threads);
}

void RunWinogradLine(const ConvGeometry& g, const float* x, const float* packed, float* y, const Epilogue& epilogue,
                     float* scratch, ThreadPool& pool) {
  const Sizes sizes(g);
  const Lines lines(g, sizes.most_tiles);
  const int count = lines.count(g), per_block = SegmentsPerBlock(lines, sizes, count, pool.size());
  std::memset(scratch, 0, ZeroFloats(g) * sizeof(float));
  float* const workspaces = scratch + ZeroFloats(g);
  const size_t thread_floats = ThreadFloats(g, pool.size());
  const TileEpilogue tile_epilogue = TilePart(epilogue);

  pool.ParallelFor((count + per_block - 1) / per_block, [&](int task, int thread) {
    const int first = task * per_block, segments = std::min(per_block, count - first);
    Block block(g, sizes, lines, per_block, scratch, workspaces + static_cast<size_t>(thread) * thread_floats);
    const auto segment = [&](int i) { return Segment(g, lines, first + i, x, y, epilogue); };
    for (int i = 0; i < segments; ++i) block.Read(segment(i));
    block.Multiply(packed);
    for (int i = 0; i < segments; ++i) block.Write(segment(i), tile_epilogue, epilogue);
  });
}

}  // namespace webinfer::kernels
