// Attention without softmax, as a recurrence over tokens: a head's state is a matrix [key size][value size].
//
//   state = exp(decay) state                      (gated rules)
//   state += k (beta (v - state' k))'             (delta rules), or k v'
//   y = scale state' q
#pragma once

#include "kernels/attention.h"

namespace webinfer::kernels {

struct LinearAttention {
  int batch = 1, heads = 1, kv_heads = 1, tokens = 0, key_size = 0, value_size = 0;
  float scale = 1;
  bool gated = false, delta = false;
  bool decay_per_key = false;  // decay: one for each element of a key, or one for each head
  bool beta_per_head = false;  // beta: one for each head, or one for each token
  // [batch, tokens, heads * size] each.
  const float *q = nullptr, *k = nullptr, *v = nullptr, *decay = nullptr, *beta = nullptr;
  float *state = nullptr, *y = nullptr;  // state: [batch, kv heads, key size, value size], read and written
};

// `scratch`: value_size floats for each thread.
void RunLinearAttention(const LinearAttention& attention, float* scratch, ThreadPool& pool);

}  // namespace webinfer::kernels
