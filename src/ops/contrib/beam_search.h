// Beam search over a decoder's body: BeamSearch and WhisperBeamSearch.
#pragma once

#include "ops/contrib/generation.h"

namespace webinfer::ops {

// Outputs: tokens [batch, returned, max_length], their scores [batch, returned], the scores of every step.
Status InferBeamSearch(InferContext& ctx);
Status BindBeamSearch(BindContext& ctx, const GenerationInputs& inputs);

constexpr GenerationInputs kBeamSearchInputs = {.beams = 3,
                                                .returned = 4,
                                                .length_penalty = 5,
                                                .repetition_penalty = 6,
                                                .vocab_mask = 7,
                                                .prefix_vocab_mask = 8,
                                                .attention_mask = 9,
                                                .decoder_ids = 10,
                                                .logits_processor = 11};

}  // namespace webinfer::ops
