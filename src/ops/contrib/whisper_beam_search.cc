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
            ops::GenerationInputs inputs = ops::kBeamSearchInputs;
            inputs.temperature = 14;
            return ops::BindBeamSearch(ctx, inputs);
          }};
}
