// Whisper's rules for timestamps (openai/whisper, decoding.py: ApplyTimestampRules).
#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/contrib/generation.h"

namespace webinfer::ops {
namespace {

constexpr float kLowest = std::numeric_limits<float>::lowest();

void Forbid(std::span<float> scores, int64_t first, int64_t last) {
  const auto size = static_cast<int64_t>(scores.size());
  for (int64_t i = std::max<int64_t>(first, 0); i < std::min(last, size); ++i) scores[static_cast<size_t>(i)] = kLowest;
}

// Scores are logarithms: if all timestamps together are likelier than the best word, a timestamp it is.
void PreferTimestamps(std::span<float> scores, int64_t first) {
  const auto size = static_cast<int64_t>(scores.size());
  if (first <= 0 || first >= size) return;
  const auto middle = scores.begin() + first;
  const float largest = *std::max_element(middle, scores.end());
  float total = 0;
  for (auto score = middle; score != scores.end(); ++score) total += std::exp(*score - largest);
  if (std::log(total) + largest > *std::max_element(scores.begin(), middle)) Forbid(scores, 0, first);
}

}  // namespace

void ForbidByTimestamps(const TimestampTokens& rules, std::span<const int32_t> tokens, std::span<float> scores) {
  constexpr int64_t kLatestFirst = 50;  // a transcript begins within the first second
  const auto size = static_cast<int64_t>(scores.size());
  const auto is_timestamp = [&](int32_t token) { return token >= rules.first; };
  const size_t count = tokens.size();
  const auto found = std::find_if(tokens.begin(), tokens.end(), is_timestamp);
  const size_t begin = found == tokens.end() ? count : static_cast<size_t>(found - tokens.begin()) + 1;
  for (const int64_t token : {rules.no_timestamps, rules.start_of_model}) Forbid(scores, token, token + 1);
  if (count > begin) {
    for (const int64_t token : {rules.start, rules.translate, rules.transcribe}) Forbid(scores, token, token + 1);
  }
  const bool last = count > 0 && is_timestamp(tokens[count - 1]);
  const bool one_before = count <= begin || is_timestamp(tokens[count - 2]);
  if (last) {
    if (one_before) {
      Forbid(scores, rules.first, size);
    } else {
      Forbid(scores, 0, rules.end);
    }
  }
  for (size_t i = count; i-- > 0;) {
    if (!is_timestamp(tokens[i])) continue;
    Forbid(scores, rules.first, tokens[i] + (last && !one_before ? 0 : 1));
    break;
  }
  if (count == begin) Forbid(scores, rules.first + kLatestFirst + 1, size);
  PreferTimestamps(scores, rules.first);
}

}  // namespace webinfer::ops
