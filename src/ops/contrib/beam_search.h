// Beam search over a decoder's body: BeamSearch and WhisperBeamSearch.
#pragma once

#include "ops/contrib/generation.h"

namespace webinfer::ops {

// Outputs: tokens [batch, returned, max_length], their scores [batch, returned], the scores of every step.
Status InferBeamSearch(InferContext& ctx);
Status BindBeamSearch(BindContext& ctx, const GenerationInputs& inputs);

}  // namespace webinfer::ops
