// Sampling: writes on behind a prompt with tokens drawn by their probability, of the likeliest ones that together reach top_p.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "ops/contrib/search_rows.h"

namespace webinfer::ops {
namespace {

// Takes out what top_p leaves over: the tail of the sorted probabilities. `order` becomes the tokens, best first for custom
// sampling and worst first otherwise, as the sums are taken.
void FilterScores(const Node& node, const Generation& g, float* scores, int64_t* order) {
  const bool custom = node.attributes.Int("custom", 0) != 0;
  const float top_p = node.attributes.Float("top_p", 0), filtered = node.attributes.Float("filter_value", -1e20f);
  const int64_t kept = std::clamp<int64_t>(node.attributes.Int("min_tokens_to_keep", 0), 0, g.vocabulary);
  std::iota(order, order + g.vocabulary, int64_t{0});
  std::stable_sort(order, order + g.vocabulary,
                   [&](int64_t a, int64_t b) { return custom ? scores[a] > scores[b] : scores[a] < scores[b]; });
  const float largest = scores[custom ? order[0] : order[g.vocabulary - 1]];
  double total = 0;
  for (int64_t i = 0; i < g.vocabulary; ++i) total += std::exp(static_cast<double>(scores[i] - largest));
  double sum = 0;
  for (int64_t i = 0; i < g.vocabulary; ++i) {
    const double share = std::exp(static_cast<double>(scores[order[i]] - largest)) / total;
    if (custom) {
      if (i > 0 && sum > top_p) scores[order[i]] = filtered;
      sum += share;
    } else {
      sum += share;
      if (sum <= 1 - top_p && (i == 0 || i < g.vocabulary - kept)) scores[order[i]] = filtered;
    }
  }
}

int32_t Draw(const Node& node, const Generation& g, float* scores, int64_t* order, std::mt19937_64& random) {
  FilterScores(node, g, scores, order);
  const float largest = *std::max_element(scores, scores + g.vocabulary);
  double total = 0;
  for (int64_t i = 0; i < g.vocabulary; ++i) total += std::exp(static_cast<double>(scores[i] - largest));
  double left = static_cast<double>(random() >> 11) * 0x1p-53 * total;
  int64_t last = 0;
  for (int64_t i = 0; i < g.vocabulary; ++i) {
    const double share = std::exp(static_cast<double>(scores[i] - largest));
    if (share > 0) last = i;
    left -= share;
    if (left < 0) return static_cast<int32_t>(i);
  }
  return static_cast<int32_t>(last);
}

Status Bind(BindContext& ctx) {
  return BindRowSearch(
      ctx, {.repetition_penalty = 3, .vocab_mask = 4, .prefix_vocab_mask = 5, .attention_mask = 6, .presence_mask = 7, .seed = 8},
      Draw);
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_Sampling) {
  using namespace webinfer::ops;
  return {.name = "Sampling",
          .domain = "com.microsoft",
          .min_inputs = 2,
          .max_inputs = 9,
          .max_outputs = 2,
          .infer = InferRowSearch,
          .bind = Bind,
          .deterministic = false};
}
