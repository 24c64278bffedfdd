// softmax(scale Q K' + mask) V, head by head, without ever holding the whole matrix of scores: a block of query rows goes
// through all three steps while its scores are in cache.
//
// Q, K, V and Y are addressed by strides, so heads may lie behind each other or interleaved token by token. Several query heads
// may share one head of K and V.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/thread_pool.h"

namespace webinfer::kernels {

// Steps, in floats, from one batch, head and row to the next; rows are contiguous.
struct HeadStrides {
  int64_t batch = 0, head = 0, row = 0;
};

struct Attention {
  int batch = 1, heads = 1, kv_heads = 1, queries = 0, keys = 0, depth = 0, value_depth = 0;
  float scale = 1, softcap = 0;  // softcap 0: none; otherwise scores become cap tanh(score / cap)
  HeadStrides q_strides, k_strides, v_strides, y_strides;
  const float *q = nullptr, *k = nullptr, *v = nullptr;
  float* y = nullptr;

  // Added to the scores, or read as "may look there" (bytes). Keys from `mask_keys` on are hidden.
  const float* mask = nullptr;
  const uint8_t* bool_mask = nullptr;
  HeadStrides mask_strides;
  int64_t mask_key_stride = 1;
  int mask_keys = 0;
  // Query i sees keys up to i + causal_offset (of its batch, if there are several).
  bool causal = false;
  int64_t causal_offset = 0;
  const int64_t* causal_offsets = nullptr;  // per batch, instead of causal_offset
  int64_t window = 0;                       // if > 0, no more than this many keys, the last ones it may see
  const int64_t* key_counts = nullptr;      // per batch; keys behind them are hidden

  // A further score of each query that takes its share of the softmax and weighs nothing: 0, or one per head.
  bool sink = false;
  const float* sinks = nullptr;

  // The scores [batch][heads][queries][keys] after a step: 0 the scaled product, 1 the cap, 2 the mask, 3 softmax.
  float* scores = nullptr;
  int scores_after = 0;
  bool hidden_scores_are_zero = false;  // after the mask; otherwise minus infinity
};

size_t AttentionScratchFloats(const Attention& attention, int threads);
void RunAttention(const Attention& attention, float* scratch, ThreadPool& pool);

}  // namespace webinfer::kernels
