#include "kernels/attention.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/gemm.h"
#include "kernels/gemm_tile.h"
#include "kernels/vmath.h"

namespace webinfer::kernels {
namespace {

constexpr int kFewQueries = 4;  // up to here K and V are read in place: packing would cost more than the products
constexpr int kMostBlockScores = 96 << 10;
constexpr float kHidden = -std::numeric_limits<float>::infinity();

size_t RoundUp(int64_t count, int64_t to) { return static_cast<size_t>((count + to - 1) / to * to); }

size_t ScoreStride(const Attention& a) { return RoundUp(a.keys, kPanelColumns); }

// Query rows that are processed together.
int BlockRows(const Attention& a) {
  const int fitting = kMostBlockScores / std::max(1, static_cast<int>(ScoreStride(a))) / kTileRows * kTileRows;
  return std::min(std::max(a.queries, 1), std::clamp(fitting, 2 * kTileRows, 8 * kTileRows));
}

struct Workspace {
  float *keys, *values, *scores;
};

size_t PackedKeyFloats(const Attention& a) {
  return a.queries > kFewQueries ? RoundUp(static_cast<int64_t>(PackedFloats(a.depth, a.keys)), 16) : 0;
}
size_t PackedValueFloats(const Attention& a) {
  return a.queries > kFewQueries ? RoundUp(static_cast<int64_t>(PackedFloats(a.keys, a.value_depth)), 16) : 0;
}
size_t ThreadFloats(const Attention& a) {
  return PackedKeyFloats(a) + PackedValueFloats(a) + RoundUp(BlockRows(a) * static_cast<int64_t>(ScoreStride(a)), 16);
}

// scores[j] = q . k_j for four keys at a time.
void DotKeys(const float* q, const float* k, int64_t k_stride, int depth, int keys, float* scores) {
  int j = 0;
  for (; j + 4 <= keys; j += 4) {
    const float* rows[4] = {k + j * k_stride, k + (j + 1) * k_stride, k + (j + 2) * k_stride, k + (j + 3) * k_stride};
    Vec sum[4] = {Zero(), Zero(), Zero(), Zero()};
    int i = 0;
    for (; i + 4 <= depth; i += 4) {
      const Vec x = Load(q + i);
      for (int r = 0; r < 4; ++r) sum[r] = Madd(x, Load(rows[r] + i), sum[r]);
    }
    Transpose4x4(sum[0], sum[1], sum[2], sum[3]);
    Vec total = Add(Add(sum[0], sum[1]), Add(sum[2], sum[3]));
    for (; i < depth; ++i) {
      alignas(16) const float column[4] = {rows[0][i], rows[1][i], rows[2][i], rows[3][i]};
      total = Madd(Splat(q[i]), Load(column), total);
    }
    Store(scores + j, total);
  }
  for (; j < keys; ++j) {
    float sum = 0;
    for (int i = 0; i < depth; ++i) sum += q[i] * k[j * k_stride + i];
    scores[j] = sum;
  }
}

struct Place {
  int batch, head, query;
};

// The key that stands where the query does.
int64_t OwnKey(const Attention& a, const Place& at) {
  return at.query + (a.causal_offsets != nullptr ? a.causal_offsets[at.batch] : a.causal_offset);
}

// Keys that a query may see before the mask is looked at.
int VisibleKeys(const Attention& a, const Place& at) {
  int64_t visible = a.keys;
  if (a.key_counts != nullptr) visible = std::min<int64_t>(visible, a.key_counts[at.batch]);
  if (a.causal) visible = std::min<int64_t>(visible, OwnKey(a, at) + 1);
  if (a.mask != nullptr || a.bool_mask != nullptr) visible = std::min<int64_t>(visible, a.mask_keys);
  return static_cast<int>(std::max<int64_t>(visible, 0));
}

void AddMask(const Attention& a, const Place& at, int visible, float* scores) {
  const int64_t offset = at.batch * a.mask_strides.batch + at.head * a.mask_strides.head + at.query * a.mask_strides.row;
  if (a.bool_mask != nullptr) {
    const uint8_t* mask = a.bool_mask + offset;
    for (int j = 0; j < visible; ++j) scores[j] = mask[j * a.mask_key_stride] != 0 ? scores[j] : kHidden;
  } else if (a.mask != nullptr && a.mask_key_stride == 1) {
    for (int j = 0; j < visible; j += 4) Store(scores + j, Add(Load(scores + j), Load(a.mask + offset + j)));
  } else if (a.mask != nullptr) {
    for (int j = 0; j < visible; ++j) scores[j] += a.mask[offset + j * a.mask_key_stride];
  }
  const int64_t before_window = a.window > 0 ? std::min<int64_t>(visible, OwnKey(a, at) + 1 - a.window) : 0;
  if (before_window > 0) std::fill(scores, scores + before_window, kHidden);
}

void CapScores(const Attention& a, int count, float* scores) {
  const MathConstants& k = GetMathConstants();
  const Vec cap = Opaque(a.softcap), inverse = Opaque(1 / a.softcap);
  for (int j = 0; j < count; j += 4) Store(scores + j, Mul(cap, Tanh(Mul(Load(scores + j), inverse), k)));
}

void KeepScores(const Attention& a, const Place& at, const float* scores, int visible, float hidden) {
  const int64_t row = (int64_t{at.batch} * a.heads + at.head) * a.queries + at.query;
  float* to = a.scores + row * a.keys;
  std::copy_n(scores, visible, to);
  if (hidden == 0) std::replace(to, to + visible, kHidden, hidden);
  std::fill(to + visible, to + a.keys, hidden);
}

// Scores of `visible` keys, and minus infinity up to the next multiple of 4, step by step; returns the largest.
float ScoreRow(const Attention& a, const Place& at, int visible, float* scores) {
  const Vec scale = Opaque(a.scale);
  const auto keep = [&](int step, float hidden) {
    if (a.scores != nullptr && a.scores_after == step) KeepScores(a, at, scores, visible, hidden);
  };
  for (int j = 0; j < visible; j += 4) Store(scores + j, Mul(Load(scores + j), scale));
  keep(0, 0);
  if (a.softcap != 0) CapScores(a, visible, scores);
  keep(1, 0);
  AddMask(a, at, visible, scores);
  keep(2, a.hidden_scores_are_zero ? 0 : kHidden);
  const int padded = static_cast<int>(RoundUp(visible, 4));
  for (int j = visible; j < padded; ++j) scores[j] = kHidden;
  Vec most = Splat(kHidden);
  for (int j = 0; j < padded; j += 4) most = FastMax(most, Load(scores + j));
  return HorizontalMax(most);
}

// The same in one pass, where there is at most a mask of floats.
template <bool kMask>
float ScaleAndMask(const Attention& a, const Place& at, int visible, float* scores) {
  const Vec scale = Opaque(a.scale);
  const float* mask =
      kMask ? a.mask + at.batch * a.mask_strides.batch + at.head * a.mask_strides.head + at.query * a.mask_strides.row : nullptr;
  const int padded = static_cast<int>(RoundUp(visible, 4));
  Vec most = Splat(kHidden);
  const auto four = [&](int j) { return kMask ? Madd(Load(scores + j), scale, Load(mask + j)) : Mul(Load(scores + j), scale); };
  int j = 0;
  WEBINFER_NO_UNROLL
  for (; j + 4 <= visible; j += 4) {
    const Vec score = four(j);
    Store(scores + j, score);
    most = FastMax(most, score);
  }
  if (j < padded) {
    Store(scores + j, four(j));
    for (int i = visible; i < padded; ++i) scores[i] = kHidden;
    most = FastMax(most, Load(scores + j));
  }
  return HorizontalMax(most);
}

float LargestScore(const Attention& a, const Place& at, int visible, float* scores) {
  const bool steps = a.scores != nullptr || a.softcap != 0 || a.bool_mask != nullptr || a.window > 0;
  if (steps || (a.mask != nullptr && a.mask_key_stride != 1)) return ScoreRow(a, at, visible, scores);
  return a.mask != nullptr ? ScaleAndMask<true>(a, at, visible, scores) : ScaleAndMask<false>(a, at, visible, scores);
}

// Turns a row of products into weights that are not divided by their sum yet; returns the sum. What lies between `visible`
// and the next multiple of 4 becomes 0.
float WeighRow(const Attention& a, const Place& at, int visible, float* scores) {
  const MathConstants& k = GetMathConstants();
  const int padded = static_cast<int>(RoundUp(visible, 4));
  const float most = LargestScore(a, at, visible, scores);
  const float sink = !a.sink ? kHidden : a.sinks != nullptr ? a.sinks[at.head] : 0;
  const float largest = std::max(most, sink);
  if (!(largest > kHidden)) {
    std::fill_n(scores, padded, 0.0f);
    return 0;
  }
  const Vec shift = Opaque(largest);
  Vec sum = Zero();
  WEBINFER_NO_UNROLL
  for (int j = 0; j < padded; j += 4) {
    const Vec weight = ExpFast(Sub(Load(scores + j), shift), k);
    Store(scores + j, weight);
    sum = Add(sum, weight);
  }
  for (int j = visible; j < padded; ++j) scores[j] = 0;
  return HorizontalSum(sum) + (a.sink ? std::exp(sink - largest) : 0);
}

void ScaleRow(float* row, int count, float factor) {
  const Vec scale = Opaque(factor);
  for (int i = 0; i < count; i += 4) StorePartial(row + i, Mul(Load(row + i), scale), count - i);
}

// Query rows [first, first + rows) of one head.
void RunBlock(const Attention& a, int batch, int head, int first, int rows, const Workspace& w) {
  const int kv_head = head / (a.heads / a.kv_heads);
  const float* q = a.q + batch * a.q_strides.batch + head * a.q_strides.head + first * a.q_strides.row;
  const float* k = a.k + batch * a.k_strides.batch + kv_head * a.k_strides.head;
  const float* v = a.v + batch * a.v_strides.batch + kv_head * a.v_strides.head;
  float* y = a.y + batch * a.y_strides.batch + head * a.y_strides.head + first * a.y_strides.row;
  const size_t stride = ScoreStride(a);
  const bool packed = a.queries > kFewQueries;
  // The last row of a block sees the most; the others have their hidden keys set to 0.
  const int block_keys = VisibleKeys(a, {batch, head, first + rows - 1});

  if (packed) {
    const int columns = std::min(a.keys, static_cast<int>(RoundUp(block_keys, kPanelColumns)));
    RunGemm(Gemm{q, static_cast<size_t>(a.q_strides.row), Packed(w.keys, a.depth), w.scores, stride, rows, columns, a.depth, {}});
  } else {
    for (int i = 0; i < rows; ++i)
      DotKeys(q + i * a.q_strides.row, k, a.k_strides.row, a.depth, block_keys, w.scores + static_cast<size_t>(i) * stride);
  }
  float sums[8 * kTileRows];
  for (int i = 0; i < rows; ++i) {
    const Place at{batch, head, first + i};
    const int visible = std::min(VisibleKeys(a, at), block_keys);
    float* scores = w.scores + static_cast<size_t>(i) * stride;
    sums[i] = WeighRow(a, at, visible, scores);
    for (int j = visible; j < block_keys; ++j) scores[j] = 0;
    if (a.scores != nullptr && a.scores_after == 3) {
      ScaleRow(scores, visible, sums[i] > 0 ? 1 / sums[i] : 0);
      KeepScores(a, at, scores, visible, 0);
      sums[i] = sums[i] > 0 ? 1.0f : 0.0f;
    }
  }
  const Panels values = packed ? Packed(w.values, a.keys) : InPlace(v, static_cast<size_t>(a.v_strides.row));
  RunGemm(Gemm{w.scores, stride, values, y, static_cast<size_t>(a.y_strides.row), rows, a.value_depth, block_keys, {}});
  for (int i = 0; i < rows; ++i) ScaleRow(y + i * a.y_strides.row, a.value_depth, sums[i] > 0 ? 1 / sums[i] : 0);
}

}  // namespace

size_t AttentionScratchFloats(const Attention& a, int threads) { return ThreadFloats(a) * static_cast<size_t>(threads); }

void RunAttention(const Attention& a, float* scratch, ThreadPool& pool) {
  if (a.queries == 0 || a.batch == 0) return;
  const int group = a.heads / a.kv_heads, block_rows = BlockRows(a);
  const int blocks = (a.queries + block_rows - 1) / block_rows;
  // One task takes all blocks of a head of K and V, unless there are too few heads for the threads.
  const int heads = a.batch * a.kv_heads;
  const int splits = pool.size() == 1 || heads >= 2 * pool.size() ? 1 : std::min(blocks, pool.size());
  pool.ParallelFor(heads * splits, [&](int task, int thread) {
    const int split = task % splits, batch = task / splits / a.kv_heads, kv_head = task / splits % a.kv_heads;
    Workspace w;
    w.keys = scratch + static_cast<size_t>(thread) * ThreadFloats(a);
    w.values = w.keys + PackedKeyFloats(a);
    w.scores = w.values + PackedValueFloats(a);
    if (a.queries > kFewQueries) {
      const float* k = a.k + batch * a.k_strides.batch + kv_head * a.k_strides.head;
      const float* v = a.v + batch * a.v_strides.batch + kv_head * a.v_strides.head;
      PackB(k, 1, static_cast<size_t>(a.k_strides.row), a.depth, a.keys, 1, w.keys);
      PackB(v, static_cast<size_t>(a.v_strides.row), 1, a.keys, a.value_depth, 1, w.values);
    }
    for (int head = kv_head * group; head < (kv_head + 1) * group; ++head) {
      for (int block = split; block < blocks; block += splits) {
        const int first = block * block_rows;
        RunBlock(a, batch, head, first, std::min(block_rows, a.queries - first), w);
      }
    }
  });
}

}  // namespace webinfer::kernels
