// com.microsoft.RotaryEmbedding(x, position_ids, cos_cache, sin_cache).
#include "ops/nn/rotary_embedding.h"

WEBINFER_OP(Microsoft_RotaryEmbedding) {
  using namespace webinfer;
  return {.name = "RotaryEmbedding",
          .domain = "com.microsoft",
          .min_inputs = 4,
          .max_inputs = 4,
          .infer = ops::InferRotary,
          .bind = [](BindContext& ctx) { return ops::BindRotary(ctx, ops::kMicrosoftRotary); }};
}
