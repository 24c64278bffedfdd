// GreedySearch: writes on behind a prompt, each time the token with the best score, by running a GPT's body (attribute decoder)
// with its cache. Rows that have met eos_token_id go on with pad_token_id.
#include "ops/contrib/generation.h"
#include "ops/contrib/search_rows.h"

namespace webinfer::ops {
namespace {

Status Bind(BindContext& ctx) {
  return BindRowSearch(ctx, {.repetition_penalty = 3, .vocab_mask = 4, .prefix_vocab_mask = 5, .attention_mask = 6}, PickBest);
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_GreedySearch) {
  using namespace webinfer::ops;
  return {
      .name = "GreedySearch", .domain = "com.microsoft", .min_inputs = 2, .max_inputs = 7, .infer = InferRowSearch, .bind = Bind};
}
