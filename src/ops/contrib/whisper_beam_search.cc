// WhisperBeamSearch: BeamSearch of an audio encoder-decoder. Its output of cross attention is not
// supported.
#include "ops/contrib/beam_search.h"

WEBINFER_OP(Microsoft_WhisperBeamSearch) {
  using namespace webinfer;
  return {.name = "WhisperBeamSearch",
          .domain = "com.microsoft",
          .min_inputs = 2,
          .max_inputs = 15,
          .max_outputs = 5,
          .infer = ops::InferBeamSearch,
          .bind = [](BindContext& ctx) {
            return ops::BindBeamSearch(ctx, {.beams = 3,
                                             .returned = 4,
                                             .length_penalty = 5,
                                             .repetition_penalty = 6,
                                             .vocab_mask = 7,
                                             .prefix_vocab_mask = 8,
                                             .attention_mask = 9,
                                             .decoder_ids = 10,
                                             .logits_processor = 11,
                                             .temperature = 14});
          }};
}
