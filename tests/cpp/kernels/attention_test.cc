#include "kernels/attention.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernels/random_floats.h"

namespace webinfer::kernels {
namespace {

struct Case {
  int batch = 1, heads = 1, kv_heads = 1, queries, keys, depth, value_depth;
  bool interleaved = false, mask = false, bool_mask = false, causal = false;
  int threads = 1;
};

void Check(const Case& c) {
  SCOPED_TRACE(testing::Message() << c.batch << "x" << c.heads << "/" << c.kv_heads << " queries " << c.queries << " keys "
                                  << c.keys << " depth " << c.depth << "/" << c.value_depth << " interleaved " << c.interleaved
                                  << " causal " << c.causal);
  Attention a;
  a.batch = c.batch;
  a.heads = c.heads;
  a.kv_heads = c.kv_heads;
  a.queries = c.queries;
  a.keys = c.keys;
  a.depth = c.depth;
  a.value_depth = c.value_depth;
  a.scale = 0.7f;
  a.causal = c.causal;
  a.causal_offset = c.keys - c.queries;
  const auto strides = [&](int heads, int rows, int size) {
    return c.interleaved ? HeadStrides{int64_t{rows} * heads * size, size, int64_t{heads} * size}
                         : HeadStrides{int64_t{rows} * heads * size, int64_t{rows} * size, size};
  };
  a.q_strides = strides(c.heads, c.queries, c.depth);
  a.k_strides = strides(c.kv_heads, c.keys, c.depth);
  a.v_strides = strides(c.kv_heads, c.keys, c.value_depth);
  a.y_strides = strides(c.heads, c.queries, c.value_depth);
  const auto size = [](int x, int y, int z, int w) {
    return static_cast<size_t>(x) * static_cast<size_t>(y) * static_cast<size_t>(z * w);
  };
  const auto q = Random(size(c.batch, c.heads, c.queries, c.depth), 1), k = Random(size(c.batch, c.kv_heads, c.keys, c.depth), 2),
             v = Random(size(c.batch, c.kv_heads, c.keys, c.value_depth), 3), mask = Random(size(c.queries, c.keys, 1, 1), 4);
  std::vector<uint8_t> admits(mask.size());
  for (size_t i = 0; i < mask.size(); ++i) admits[i] = mask[i] > -0.3f;
  std::vector<float> y(size(c.batch, c.heads, c.queries, c.value_depth) + 8, -7);
  a.q = q.data();
  a.k = k.data();
  a.v = v.data();
  a.y = y.data();
  a.mask_strides.row = c.keys;
  a.mask_keys = c.keys;
  if (c.mask) a.mask = mask.data();
  if (c.bool_mask) a.bool_mask = admits.data();
  std::vector<float> scratch(AttentionScratchFloats(a, c.threads));
  ThreadPool pool(c.threads);
  RunAttention(a, scratch.data(), pool);

  for (int b = 0; b < c.batch; ++b) {
    for (int h = 0; h < c.heads; ++h) {
      const int kv = h / (c.heads / c.kv_heads);
      for (int i = 0; i < c.queries; ++i) {
        std::vector<double> weights(static_cast<size_t>(c.keys));
        double sum = 0;
        for (int j = 0; j < c.keys; ++j) {
          const size_t at = static_cast<size_t>(i * c.keys + j);
          if ((c.causal && j > i + a.causal_offset) || (c.bool_mask && admits[at] == 0)) continue;
          double score = c.mask ? mask[at] : 0;
          for (int d = 0; d < c.depth; ++d) {
            score += 0.7 * q[static_cast<size_t>(b * a.q_strides.batch + h * a.q_strides.head + i * a.q_strides.row + d)] *
                     k[static_cast<size_t>(b * a.k_strides.batch + kv * a.k_strides.head + j * a.k_strides.row + d)];
          }
          sum += weights[static_cast<size_t>(j)] = std::exp(score);
        }
        for (int d = 0; d < c.value_depth; ++d) {
          double expected = 0;
          for (int j = 0; j < c.keys && sum > 0; ++j) {
            expected += weights[static_cast<size_t>(j)] / sum *
                        v[static_cast<size_t>(b * a.v_strides.batch + kv * a.v_strides.head + j * a.v_strides.row + d)];
          }
          ASSERT_NEAR(y[static_cast<size_t>(b * a.y_strides.batch + h * a.y_strides.head + i * a.y_strides.row + d)], expected,
                      3e-6)
              << "batch " << b << " head " << h << " query " << i << " element " << d;
        }
      }
    }
  }
  for (size_t i = y.size() - 8; i < y.size(); ++i) ASSERT_EQ(y[i], -7) << "wrote behind the output";
}

TEST(Attention, ShapesAndLayouts) {
  for (bool interleaved : {false, true}) {
    for (int queries : {1, 3, 5, 12, 50}) {
      for (int keys : {1, 7, 16, 61}) {
        Check({.batch = 2,
               .heads = 2,
               .kv_heads = 2,
               .queries = queries,
               .keys = keys,
               .depth = 10,
               .value_depth = 12,
               .interleaved = interleaved});
      }
    }
  }
}

TEST(Attention, SharedHeadsAndThreads) {
  Check({.batch = 1,
         .heads = 6,
         .kv_heads = 2,
         .queries = 70,
         .keys = 70,
         .depth = 16,
         .value_depth = 8,
         .interleaved = true,
         .threads = 2});
  Check({.batch = 1, .heads = 1, .kv_heads = 1, .queries = 200, .keys = 30, .depth = 8, .value_depth = 5, .threads = 3});
}

TEST(Attention, Masks) {
  for (int queries : {2, 9, 55}) {
    for (bool causal : {false, true}) {
      Check({.heads = 2,
             .kv_heads = 1,
             .queries = queries,
             .keys = queries + 6,
             .depth = 8,
             .value_depth = 9,
             .mask = true,
             .causal = causal});
      Check({.heads = 2,
             .kv_heads = 1,
             .queries = queries,
             .keys = queries + 6,
             .depth = 8,
             .value_depth = 9,
             .bool_mask = true,
             .causal = causal});
    }
  }
}

// Queries before the first key see nothing at all: their output is 0, not NaN.
TEST(Attention, RowsThatSeeNothing) { Check({.queries = 9, .keys = 4, .depth = 8, .value_depth = 8, .causal = true}); }

}  // namespace
}  // namespace webinfer::kernels
